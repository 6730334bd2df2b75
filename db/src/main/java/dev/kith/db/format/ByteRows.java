package dev.kith.db.format;

import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.apache.lucene.index.ByteVectorValues;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/** Rows of bytes as Lucene sees them; for one thread. */
final class ByteRows extends ByteVectorValues {
  private final VectorSource rows;
  private final RowDocuments documents;
  private final VectorSimilarityFunction function;
  private final byte[] value;

  ByteRows(VectorSource rows, RowDocuments documents, VectorSimilarityFunction function) {
    this.rows = rows;
    this.documents = documents;
    this.function = function;
    this.value = new byte[rows.dimension()];
  }

  @Override
  public byte[] vectorValue(int row) {
    MemorySegment.copy(rows.block(row, 1).data(), ValueLayout.JAVA_BYTE, 0, value, 0, value.length);
    return value;
  }

  @Override
  public ByteVectorValues copy() {
    return new ByteRows(rows, documents, function);
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
  public @Nullable VectorScorer scorer(byte[] query) {
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
