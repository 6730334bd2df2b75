package dev.kith.db.store;

import dev.kith.db.filter.Filter;
import dev.kith.db.filter.NaiveFilter;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.BytesRef;

/** Points in an index in memory, and what filters find there: by a query and naively. */
final class FilterIndex implements AutoCloseable {
  private final Schema schema;
  private final Map<PointId, Payload> points;
  private final ByteBuffersDirectory directory = new ByteBuffersDirectory();
  private final DirectoryReader reader;
  private final IndexSearcher searcher;

  /** With so many points a segment. */
  FilterIndex(Schema schema, Map<PointId, Payload> points, int segment) throws IOException {
    this(schema, points, segment, Set.of());
  }

  /**
   * The same with points that are not indexed by what no schema names.
   *
   * @param older their ids
   */
  FilterIndex(Schema schema, Map<PointId, Payload> points, int segment, Set<PointId> older)
      throws IOException {
    this.schema = schema;
    this.points = new LinkedHashMap<>(points);
    var fields = new PayloadFields(schema);
    var config =
        new IndexWriterConfig(PayloadFields.ANALYZER).setMergePolicy(NoMergePolicy.INSTANCE);
    try (var writer = new IndexWriter(directory, config)) {
      int n = 0;
      for (var point : points.entrySet()) {
        var document = new Document();
        document.add(
            new StringField(Documents.ID, new BytesRef(point.getKey().bytes()), Store.YES));
        document.add(new StoredField(Documents.PAYLOAD, point.getValue().utf8()));
        fields.of(point.getKey(), point.getValue()).forEach(document::add);
        if (!older.contains(point.getKey())) {
          fields.unnamed(point.getValue()).forEach(document::add);
        }
        writer.addDocument(document);
        if (++n % segment == 0) {
          writer.flush();
        }
      }
    }
    reader = DirectoryReader.open(directory);
    searcher = new IndexSearcher(reader);
    searcher.setQueryCache(null);
  }

  Set<PointId> find(Filter filter) throws IOException {
    return find(FilterQueries.compile(filter, schema));
  }

  Set<PointId> find(Query query) throws IOException {
    var found = new TreeSet<PointId>();
    var stored = reader.storedFields();
    for (var hit : searcher.search(query, Math.max(1, points.size())).scoreDocs) {
      var id = stored.document(hit.doc).getBinaryValue(Documents.ID);
      found.add(PointId.ofBytes(BytesRef.deepCopyOf(id).bytes));
    }
    return found;
  }

  Set<PointId> findNaively(Filter filter) {
    var found = new TreeSet<PointId>();
    points.forEach(
        (id, payload) -> {
          if (NaiveFilter.matches(filter, id, payload, schema)) {
            found.add(id);
          }
        });
    return found;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
  }
}
