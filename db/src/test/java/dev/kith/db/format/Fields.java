package dev.kith.db.format;

import java.util.HashMap;
import org.apache.lucene.index.DocValuesSkipIndexType;
import org.apache.lucene.index.DocValuesType;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;

/** Descriptions of fields that have vectors and nothing else. */
final class Fields {
  private Fields() {}

  static FieldInfo info(
      String name,
      int number,
      int dimension,
      VectorEncoding encoding,
      VectorSimilarityFunction function) {
    return new FieldInfo(
        name,
        number,
        false,
        false,
        false,
        IndexOptions.NONE,
        DocValuesType.NONE,
        DocValuesSkipIndexType.NONE,
        -1,
        new HashMap<>(),
        0,
        0,
        0,
        dimension,
        encoding,
        function,
        false,
        false);
  }
}
