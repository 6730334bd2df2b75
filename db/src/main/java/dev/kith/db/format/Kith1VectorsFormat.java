package dev.kith.db.format;

import dev.kith.db.point.VectorField;
import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

/**
 * What Lucene reads segments of {@code Kith1} by, the format before parts had names and checksums.
 * They are read for ever and written no more: merges make {@link KithVectorsFormat} of them.
 */
public final class Kith1VectorsFormat extends KnnVectorsFormat {
  /** The name that Lucene finds it by, which segments hold. */
  public static final String NAME = "Kith1";

  /** For Lucene. */
  public Kith1VectorsFormat() {
    super(NAME);
  }

  /** Refuses. */
  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) {
    throw new UnsupportedOperationException(
        "segments of %s are read, not written: segment=%s; write %s"
            .formatted(NAME, state.segmentInfo.name, KithVectorsFormat.NAME));
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return new VectorsReader(state, Kith1Metadata.read(state));
  }

  @Override
  public int getMaxDimensions(String field) {
    return VectorField.MAX_DIMENSION;
  }

  @Override
  public String toString() {
    return NAME;
  }
}
