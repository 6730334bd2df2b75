package dev.kith.db.format;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.store.DataInput;

/**
 * The metadata of {@code Kith1}: a field has rows, documents and one shadow at most, by offsets
 * without checksums. Layout: {@code docs/formats/segment-vectors-kith1.md}.
 */
final class Kith1Metadata {
  static final SegmentFile META = new SegmentFile("vem", "KithVectorsMeta", 1);
  static final SegmentFile DATA = new SegmentFile("vec", "KithVectorsData", 1);
  static final SegmentFile SHADOW = new SegmentFile("ves", "KithVectorsShadow", 1);

  /** The offset of what is not there. */
  static final long NONE = -1;

  /** The number after the last field. */
  static final int END = -1;

  private static final int DATA_NUMBER = 0;
  private static final int SHADOW_NUMBER = 1;

  private Kith1Metadata() {}

  /** Reads the metadata of a segment. */
  static Metadata read(SegmentReadState state) throws IOException {
    return Metadata.read(META, state, in -> read(in, state.fieldInfos));
  }

  private static Metadata read(DataInput in, FieldInfos infos) throws IOException {
    var files = new ArrayList<Metadata.DataFile>();
    files.add(new Metadata.DataFile(DATA, seal(in)));
    var shadows = seal(in);
    if (shadows.length() > 0) {
      files.add(new Metadata.DataFile(SHADOW, shadows));
    }
    var fields = new ArrayList<FieldEntry>();
    for (int number = in.readInt(); number != END; number = in.readInt()) {
      var head = FieldEntry.readHead(number, in, infos);
      fields.add(withParts(head, in, files.size() > SHADOW_NUMBER));
    }
    return new Metadata(files, fields);
  }

  private static SegmentFile.Seal seal(DataInput in) throws IOException {
    return new SegmentFile.Seal(in.readLong(), in.readLong());
  }

  private static FieldEntry withParts(FieldEntry head, DataInput in, boolean shadows)
      throws IOException {
    var parts = new ArrayList<Part>();
    parts.add(part(Part.ROWS, DATA_NUMBER, in.readLong(), head.rowsLength()));
    long documentsAt = in.readLong();
    if (documentsAt != NONE) {
      parts.add(part(Part.DOCUMENTS, DATA_NUMBER, documentsAt, (long) head.rows() * Integer.BYTES));
    }
    long shadowAt = in.readLong();
    long shadowLength = in.readLong();
    if (shadowAt != NONE) {
      if (!shadows) {
        throw new CorruptIndexException(
            "a field's shadow must have a file: field=%d; restore the segment's files from a copy"
                .formatted(head.number()),
            in);
      }
      parts.add(part(Part.SHADOW, SHADOW_NUMBER, shadowAt, shadowLength));
    }
    return new FieldEntry(head.number(), head.field(), head.rows(), List.copyOf(parts));
  }

  private static Part part(String name, int file, long at, long length) {
    return new Part(name, !name.equals(Part.SHADOW), file, at, length, Part.NO_CHECKSUM);
  }
}
