import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.OnHeapGraphIndex;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;

/**
 * JVector's graph in memory over float vectors, exact scores, with the overflow, alpha and
 * hierarchy that its own examples use. A search of width {@code w} ranks {@code w} rows and returns
 * {@code k}.
 */
final class JVectorPeer implements PeerProgram.Library {
  private static final float OVERFLOW = 1.2f;
  private static final float ALPHA = 1.2f;
  private static final boolean HIERARCHY = true;
  private static final boolean REFINE = true;

  private final VectorizationProvider provider = VectorizationProvider.getInstance();
  private ListRandomAccessVectorValues rows;
  private List<VectorFloat<?>> queries = List.of();
  private VectorSimilarityFunction similarity = VectorSimilarityFunction.EUCLIDEAN;
  private int threads;
  private GraphSearcher searcher;

  public static void main(String[] arguments) throws Exception {
    PeerProgram.run(new JVectorPeer());
  }

  @Override
  public String load(float[][] rows, float[][] queries, String metric, int k, int threads) {
    if (metric.equals("dot")) {
      throw new IllegalArgumentException(
          "JVector ranks by inner product only unit vectors; use metric l2 or cosine");
    }
    this.rows = new ListRandomAccessVectorValues(wrapped(rows), rows[0].length);
    this.queries = wrapped(queries);
    this.threads = threads;
    similarity =
        metric.equals("l2")
            ? VectorSimilarityFunction.EUCLIDEAN
            : VectorSimilarityFunction.DOT_PRODUCT; // of unit vectors
    return "JVector %s, %s"
        .formatted(System.getProperty("peer.version"), provider.getClass().getSimpleName());
  }

  @Override
  public long build(Map<String, Integer> settings) throws Exception {
    try (var pool = new ForkJoinPool(threads);
        var builder =
            new GraphIndexBuilder(
                BuildScoreProvider.randomAccessScoreProvider(rows, similarity),
                rows.dimension(),
                settings.get("m"),
                settings.get("efc"),
                OVERFLOW,
                ALPHA,
                HIERARCHY,
                REFINE,
                pool,
                pool)) {
      var graph = builder.build(rows);
      searcher = new GraphSearcher(graph);
      return ((OnHeapGraphIndex) graph).ramBytesUsed() + 4L * rows.size() * rows.dimension();
    }
  }

  @Override
  public int search(int query, int width, int[] found) throws Exception {
    var scores = DefaultSearchScoreProvider.exact(queries.get(query), similarity, rows);
    var best =
        searcher
            .search(scores, found.length, Math.max(width, found.length), 0, 0, Bits.ALL)
            .getNodes();
    for (int rank = 0; rank < best.length; rank++) {
      found[rank] = best[rank].node;
    }
    return best.length;
  }

  private List<VectorFloat<?>> wrapped(float[][] vectors) {
    var list = new ArrayList<VectorFloat<?>>(vectors.length);
    for (var vector : vectors) {
      list.add(provider.getVectorTypeSupport().createFloatVector(vector));
    }
    return list;
  }
}
