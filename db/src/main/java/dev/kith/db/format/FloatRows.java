package dev.kith.db.format;

import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/** Rows of floats as Lucene sees them; for one thread. */
final class FloatRows extends FloatVectorValues {
  private final VectorSource rows;
  private final RowDocuments documents;
  private final VectorSimilarityFunction function;
  private final float[] value;

  FloatRows(VectorSource rows, RowDocuments documents, VectorSimilarityFunction function) {
    this.rows = rows;
    this.documents = documents;
    this.function = function;
    this.value = new float[rows.dimension()];
  }

  @Override
  public float[] vectorValue(int row) {
    rows.block(row, 1).decodeRow(0, value, 0);
    return value;
  }

  @Override
  public FloatVectorValues copy() {
    return new FloatRows(rows, documents, function);
  }

  @Override
  public int dimension() {
    return rows.dimension();
  }

  @Override
  public int size() {
    return documents.size();
  }

  @Override
  public int ordToDoc(int row) {
    return documents.document(row);
  }

  @Override
  public @Nullable Bits getAcceptOrds(@Nullable Bits accepted) {
    return documents.rows(accepted);
  }

  @Override
  public DocIndexIterator iterator() {
    return documents.iterator();
  }

  @Override
  public @Nullable VectorScorer scorer(float[] query) {
    if (size() == 0) {
      return null; // as Lucene says it
    }
    var own = copy();
    var each = documents.iterator();
    return new VectorScorer() {
      @Override
      public float score() throws IOException {
        return Scores.of(function, query, own.vectorValue(each.index()));
      }

      @Override
      public DocIdSetIterator iterator() {
        return each;
      }
    };
  }
}
