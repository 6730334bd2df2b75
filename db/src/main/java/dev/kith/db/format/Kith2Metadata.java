package dev.kith.db.format;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.store.DataInput;
import org.apache.lucene.store.DataOutput;

/**
 * The metadata of {@code Kith2}: files, and for each field its parts by name, with a checksum each.
 * Layout: {@code docs/formats/segment-vectors.md}.
 */
final class Kith2Metadata {
  static final SegmentFile META = new SegmentFile("vem", "Kith2Meta", 1);

  /** Rows and documents; {@code vec} is what Lucene calls raw vectors. */
  static final SegmentFile DATA = parts("vec");

  /** The number after the last field. */
  private static final int END = -1;

  private static final int REQUIRED = 1;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");
  private static final Pattern EXTENSION = Pattern.compile("[a-z][a-z0-9]{0,15}");

  /** The required parts that this reader understands. */
  private static final Set<String> UNDERSTOOD = Set.of(Part.ROWS, Part.DOCUMENTS);

  private Kith2Metadata() {}

  /** The file of parts with that extension. */
  static SegmentFile parts(String extension) {
    return new SegmentFile(extension, "Kith2Parts", 1);
  }

  /** Writes the metadata of a segment whose other files are whole. */
  static void write(Metadata metadata, SegmentWriteState state) throws IOException {
    try (var out = META.create(state)) {
      out.writeVInt(metadata.files().size());
      for (var file : metadata.files()) {
        out.writeString(file.file().extension());
        out.writeLong(file.seal().length());
        out.writeLong(file.seal().checksum());
      }
      for (var field : metadata.fields()) {
        field.writeHead(out);
        out.writeVInt(field.parts().size());
        for (var part : field.parts()) {
          write(part, out);
        }
      }
      out.writeInt(END);
      CodecUtil.writeFooter(out);
    }
  }

  private static void write(Part part, DataOutput out) throws IOException {
    out.writeString(part.name());
    out.writeByte((byte) (part.required() ? REQUIRED : 0));
    out.writeVInt(part.file());
    out.writeLong(part.at());
    out.writeLong(part.length());
    out.writeInt((int) part.checksum());
  }

  /** Requires what metadata can hold: what a builder is called, and how its files end. */
  static void requireWritable(String name, String extension) {
    if (!NAME.matcher(name).matches() || !EXTENSION.matcher(extension).matches()) {
      throw new IllegalArgumentException(
          "a part's name and its file's extension must be of the letters, digits and hyphens that segments allow: name=%s, extension=%s; expected %s and %s"
              .formatted(name, extension, NAME, EXTENSION));
    }
  }

  /** Reads the metadata of a segment. */
  static Metadata read(SegmentReadState state) throws IOException {
    return Metadata.read(META, state, in -> read(in, state.fieldInfos));
  }

  private static Metadata read(DataInput in, FieldInfos infos) throws IOException {
    var files = new ArrayList<Metadata.DataFile>();
    for (int left = in.readVInt(); left > 0; left--) {
      String extension = in.readString();
      requireText(EXTENSION, extension, "a file's extension", in);
      files.add(
          new Metadata.DataFile(
              parts(extension), new SegmentFile.Seal(in.readLong(), in.readLong())));
    }
    var fields = new ArrayList<FieldEntry>();
    for (int number = in.readInt(); number != END; number = in.readInt()) {
      var field = FieldEntry.readHead(number, in, infos);
      for (int left = in.readVInt(); left > 0; left--) {
        var part = part(field, in, files.size(), infos);
        FieldEntry.require(
            field.part(part.name()) == null,
            "a part must be in its field once",
            "field",
            number,
            in);
        field = field.with(part);
      }
      FieldEntry.require(
          field.part(Part.ROWS) != null, "a field must have rows", "field", number, in);
      fields.add(field);
    }
    var metadata = new Metadata(files, fields);
    requireApart(metadata, in);
    return metadata;
  }

  private static void requireText(Pattern pattern, String text, String what, DataInput in)
      throws CorruptIndexException {
    if (!pattern.matcher(text).matches()) {
      throw new CorruptIndexException(
          "%s must match %s; restore the segment's files from a copy".formatted(what, pattern), in);
    }
  }

  private static Part part(FieldEntry field, DataInput in, int files, FieldInfos infos)
      throws IOException {
    String name = in.readString();
    requireText(NAME, name, "a part's name", in);
    int flags = in.readByte();
    if ((flags & ~REQUIRED) != 0 || (flags == REQUIRED && !UNDERSTOOD.contains(name))) {
      throw new CorruptIndexException(
          "a part without which a field cannot be read must be known: field=%s, part=%s, flags=%d, known=%s; the segment is of a newer Kith: use that"
              .formatted(
                  infos.fieldInfo(field.number()).name,
                  name,
                  flags,
                  UNDERSTOOD.stream().sorted().toList()),
          in);
    }
    int file = in.readVInt();
    FieldEntry.require(
        file >= 0 && file < files,
        "a part must be in one of the segment's files",
        "file",
        file,
        in);
    long at = in.readLong();
    FieldEntry.require(
        at >= 0 && at % SegmentFile.ALIGNMENT == 0,
        "a part must begin at a multiple of 64",
        "offset",
        at,
        in);
    return new Part(
        name, flags == REQUIRED, file, at, in.readLong(), Integer.toUnsignedLong(in.readInt()));
  }

  /** Parts of a file follow each other, whichever fields they are of. */
  private static void requireApart(Metadata metadata, DataInput in) throws CorruptIndexException {
    for (int file = 0; file < metadata.files().size(); file++) {
      long end = 0;
      for (var part : metadata.partsOf(file)) {
        FieldEntry.require(
            part.length() >= 0 && part.at() >= end,
            "parts of a file must lie one behind the other",
            "offset",
            part.at(),
            in);
        end = part.end();
      }
    }
  }
}
