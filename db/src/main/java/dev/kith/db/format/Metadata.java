package dev.kith.db.format;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.store.IndexInput;

/**
 * What there is of a segment's vectors and where it lies; small, read whole with its checksum when
 * the segment is opened. Each format has its own bytes for it.
 *
 * @param files that hold parts, by their numbers
 * @param fields in the order in which they were written
 */
record Metadata(List<DataFile> files, List<FieldEntry> fields) {
  /** Copies the lists. */
  Metadata {
    files = List.copyOf(files);
    fields = List.copyOf(fields);
  }

  /** The parts in a file, of all fields, in the order in which they lie there. */
  List<Part> partsOf(int file) {
    return fields.stream()
        .flatMap(field -> field.parts().stream())
        .filter(part -> part.file() == file)
        .sorted(Comparator.comparingLong(Part::at).thenComparingLong(Part::length))
        .toList();
  }

  /** A file that holds parts, and how it must be. */
  record DataFile(SegmentFile file, SegmentFile.Seal seal) {}

  /** Reads what is between header and footer. */
  interface Body {
    /** Reads on from behind the header. */
    Metadata read(IndexInput in) throws IOException;
  }

  /** Reads a whole file of metadata. */
  static Metadata read(SegmentFile file, SegmentReadState state, Body body) throws IOException {
    try (var in = file.openChecksum(state)) {
      Metadata metadata = null;
      Throwable failure = null;
      try {
        file.readHeader(in, state);
        metadata = body.read(in);
      } catch (Throwable e) {
        failure = e;
      } finally {
        CodecUtil.checkFooter(in, failure); // throws the failure, too
      }
      return requireNonNull(metadata);
    }
  }
}
