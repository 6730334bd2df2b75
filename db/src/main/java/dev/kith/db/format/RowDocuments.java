package dev.kith.db.format;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.apache.lucene.index.DocsWithFieldSet;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.store.DataOutput;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/** Which document each row is of, in ascending order. Safe for many threads. */
final class RowDocuments {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final @Nullable MemorySegment numbers;
  private final int size;

  private RowDocuments(@Nullable MemorySegment numbers, int size) {
    this.numbers = numbers;
    this.size = size;
  }

  /** Row {@code r} is of document {@code r}. */
  static RowDocuments dense(int size) {
    return new RowDocuments(null, size);
  }

  /** Row {@code r} is of the document whose int32 is at {@code 4 r}. */
  static RowDocuments of(MemorySegment numbers) {
    return new RowDocuments(numbers, (int) (numbers.byteSize() / Integer.BYTES));
  }

  /** Appends what {@link #of} reads. */
  static void write(DocsWithFieldSet documents, DataOutput out) throws IOException {
    var each = documents.iterator();
    for (int doc = each.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = each.nextDoc()) {
      out.writeInt(doc);
    }
  }

  boolean dense() {
    return numbers == null;
  }

  int size() {
    return size;
  }

  int document(int row) {
    return numbers == null ? row : numbers.get(INT, 4L * row);
  }

  /** The row of a document, or -1. */
  int row(int document) {
    int row = firstFrom(0, document);
    return row < size && document(row) == document ? row : -1;
  }

  /** The first row from {@code row} on that is of {@code document} or a later one. */
  private int firstFrom(int row, int document) {
    if (numbers == null) {
      return Math.min(Math.max(row, document), size);
    }
    int low = row;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (document(middle) < document) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Which rows are accepted if those documents are; null means all. */
  @Nullable Bits rows(@Nullable Bits accepted) {
    if (accepted == null || numbers == null) {
      return accepted;
    }
    return new Bits() {
      @Override
      public boolean get(int row) {
        return accepted.get(document(row));
      }

      @Override
      public int length() {
        return size;
      }
    };
  }

  /** Documents in order, with their rows. */
  KnnVectorValues.DocIndexIterator iterator() {
    return new KnnVectorValues.DocIndexIterator() {
      private int row = -1;

      @Override
      public int docID() {
        return row < 0 ? -1 : row < size ? document(row) : NO_MORE_DOCS;
      }

      @Override
      public int index() {
        return row;
      }

      @Override
      public int nextDoc() {
        row = Math.min(row + 1, size);
        return docID();
      }

      @Override
      public int advance(int target) {
        row = firstFrom(Math.min(row + 1, size), target);
        return docID();
      }

      @Override
      public long cost() {
        return size;
      }
    };
  }
}
