package dev.kith.db.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.search.AbstractKnnCollector;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.search.TotalHits;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.FixedBitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Searches by Lucene's interface, whose collectors decide what they want. */
class CollectorTest {
  private static final int ROWS = 1000;
  private static final float[] QUERY = {0};

  private final ByteBuffersDirectory directory = new ByteBuffersDirectory();
  private DirectoryReader reader;

  /** Document {@code i} has the vector {@code i}, so the nearest to 0 come first. */
  @BeforeEach
  void write() throws IOException {
    var field = VectorField.of(1, Metric.L2);
    try (var writer =
        new IndexWriter(
            directory, new IndexWriterConfig().setCodec(KithVectorsFormat.codec(_ -> field)))) {
      for (int i = 0; i < ROWS; i++) {
        var document = new Document();
        document.add(Vectors.field("v", field, new float[] {i}));
        writer.addDocument(document);
      }
    }
    reader = DirectoryReader.open(directory);
  }

  @AfterEach
  void close() throws IOException {
    reader.close();
    directory.close();
  }

  private LeafReader leaf() {
    return reader.leaves().getFirst().reader();
  }

  /** Keeps the best document of each group, of the best groups. */
  private static final class Groups extends AbstractKnnCollector {
    private final int groupSize;
    private final Map<Integer, ScoreDoc> best = new HashMap<>();

    Groups(int k, int groupSize) {
      super(k, Integer.MAX_VALUE, null);
      this.groupSize = groupSize;
    }

    @Override
    public boolean collect(int document, float score) {
      best.merge(
          document / groupSize,
          new ScoreDoc(document, score),
          (a, b) -> a.score >= b.score ? a : b);
      return true;
    }

    private List<ScoreDoc> top() {
      var all = new ArrayList<>(best.values());
      all.sort(Comparator.comparingDouble((ScoreDoc hit) -> -hit.score));
      return all.subList(0, Math.min(k(), all.size()));
    }

    @Override
    public float minCompetitiveSimilarity() {
      return best.size() < k() ? Float.NEGATIVE_INFINITY : top().getLast().score;
    }

    @Override
    public int numCollected() {
      return best.size();
    }

    @Override
    public TopDocs topDocs() {
      return new TopDocs(
          new TotalHits(visitedCount(), TotalHits.Relation.EQUAL_TO),
          top().toArray(ScoreDoc[]::new));
    }
  }

  @Test
  void search_collectorThatDropsMostRows_getsAllThatItNeeds() throws IOException {
    for (int size : new int[] {1, 7, 100, 400}) {
      var groups = new Groups(3, size);
      leaf().searchNearestVectors("v", QUERY, groups, AcceptDocs.fromLiveDocs(null, ROWS));
      assertThat(groups.topDocs().scoreDocs)
          .extracting(hit -> hit.doc)
          .containsExactly(0, size, 2 * size);
    }
  }

  @Test
  void search_fewerVisitsAllowedThanRows_findsNothingAndSaysSo() throws IOException {
    var collector = new TopKnnCollector(5, ROWS - 1);
    leaf().searchNearestVectors("v", QUERY, collector, AcceptDocs.fromLiveDocs(null, ROWS));
    var found = collector.topDocs();
    assertThat(found.scoreDocs).isEmpty();
    assertThat(collector.earlyTerminated()).isTrue();
    assertThat(found.totalHits.value()).isEqualTo(ROWS - 1);
    assertThat(found.totalHits.relation()).isEqualTo(TotalHits.Relation.GREATER_THAN_OR_EQUAL_TO);
  }

  @Test
  void search_asManyVisitsAllowedAsAccepted_isExact() throws IOException {
    var accepted = new FixedBitSet(ROWS);
    accepted.set(40, 50);
    var collector = new TopKnnCollector(5, 10);
    leaf().searchNearestVectors("v", QUERY, collector, AcceptDocs.fromLiveDocs(accepted, ROWS));
    assertThat(collector.topDocs().scoreDocs)
        .extracting(hit -> hit.doc)
        .containsExactly(40, 41, 42, 43, 44);
    assertThat(collector.visitedCount()).isEqualTo(10);
  }

  @Test
  void search_timeIsUp_findsNothing() throws IOException {
    var late =
        new KnnCollector.Decorator(new TopKnnCollector(5, Integer.MAX_VALUE)) {
          @Override
          public boolean earlyTerminated() {
            return true;
          }
        };
    leaf().searchNearestVectors("v", QUERY, late, AcceptDocs.fromLiveDocs(null, ROWS));
    assertThat(late.topDocs().scoreDocs).isEmpty();
  }
}
