package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.BytesRef;
import org.junit.jupiter.api.Test;

class RowFiltersTest {
  /** Each query holds a MiB, while its bits are eight bytes. */
  @Test
  void count_largeFiltersOfSmallSegments_keepsNoMoreThanItsBytes() throws Exception {
    var filters = new RowFilters();
    try (var directory = new ByteBuffersDirectory();
        var writer = new IndexWriter(directory, new IndexWriterConfig())) {
      writer.addDocument(new Document());
      try (var reader = DirectoryReader.open(writer)) {
        var searcher = new IndexSearcher(reader);
        for (int i = 0; i < 100; i++) {
          var values = new ArrayList<BytesRef>();
          for (int value = 0; value < 1 << 10; value++) {
            values.add(new BytesRef("%04d-%04d".formatted(i, value) + "x".repeat(1 << 10)));
          }
          var query = new TermInSetQuery("field", values);
          assertThat(filters.count(searcher, reader.leaves().getFirst(), query)).isZero();
        }
      }
    }
    assertThat(filters.kept()).isBetween(1, 60);
  }
}
