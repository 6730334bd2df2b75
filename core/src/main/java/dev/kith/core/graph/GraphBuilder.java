package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowFloats;
import dev.kith.core.quant.WalkCodes;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.Predecessor;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Builder of graph indexes: codes the rows, builds the graph, links what it does not reach, and
 * measures what walks through it find.
 *
 * @param spec spec of the index
 * @param kernels loops to build with
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public record GraphBuilder(GraphSpec spec, Kernels kernels) implements IndexBuilder {
  @Override
  public GraphData build(VectorSource rows, Metric metric, BuildOptions options) {
    return build(rows, metric, List.of(), options);
  }

  @Override
  public GraphData build(
      VectorSource rows, Metric metric, List<Predecessor> older, BuildOptions options) {
    var graphs = MergeBuilder.graphs(older, metric, Math.toIntExact(rows.size()));
    var sample = CalibrationSample.ofRows(rows, metric, spec.seed(), kernels, options);
    return measured(build(rows, metric, sample, graphs, options), sample, options);
  }

  /** The same index with what its walks find. */
  GraphData measured(GraphData data, CalibrationSample sample, BuildOptions options) {
    var calibration = Calibration.of(data, data.entry(kernels), kernels);
    return calibration.measured(data, sample, options);
  }

  /** Builds an index that has not measured what walks find, and answers every recall exactly. */
  GraphData buildUnmeasured(VectorSource rows, Metric metric, BuildOptions options) {
    boolean chooses = codesAreFew() && choice(rows, metric, options).needsSample();
    var sample =
        chooses ? CalibrationSample.ofRows(rows, metric, spec.seed(), kernels, options) : null;
    return build(rows, metric, sample, List.of(), options);
  }

  private GraphData build(
      VectorSource rows,
      Metric metric,
      @Nullable CalibrationSample sample,
      List<MergeBuilder.Older> older,
      BuildOptions options) {
    var codes = encode(rows, metric, sample, options);
    var all = CodedRows.of(codes, kernels);
    var copies = Copies.find(codes, spec.degree());
    var built =
        copies.isEmpty()
            ? link(rows, metric, all, copies, older, options)
            : expand(
                link(rows, metric, all.some(copies.kept()), copies, older, options),
                copies,
                options);
    return finish(rows, metric, codes, built, copies.kept(), options);
  }

  /**
   * Adds what every graph has: levels if the spec names them, and links to what is not reached.
   *
   * @param kept rows that levels are drawn among
   * @return index that has not measured what walks find
   */
  GraphData finish(
      VectorSource rows,
      Metric metric,
      WalkCodes codes,
      InsertBuilder.Built built,
      int[] kept,
      BuildOptions options) {
    var all = CodedRows.of(codes, kernels);
    @Nullable Levels levels = null;
    var listed = new int[0];
    var pivots = built.pivots();
    if (spec.levels()) {
      var draw = Levels.draw(kept.length, degreeAbove(), spec.seed()).renumbered(kept);
      listed = draw.rows();
      levels = Levels.build(all, draw, settings(degreeAbove()), options);
      var rowOf = listed;
      pivots = levels.reached().stream().map(place -> rowOf[place]).toArray();
    }
    var more = new Reach(built.graph(), pivots, all).link();
    if (levels != null) { // rows of level 1, and behind them what no descent and no link leads to
      int stray = more.length - pivots.length;
      var both = Arrays.copyOf(listed, listed.length + stray);
      System.arraycopy(more, pivots.length, both, listed.length, stray);
      more = both;
    }
    var none = Calibration.none(options.arena());
    return GraphData.of(
        rows, metric, spec, codes, built.graph(), more, levels, none, options.arena());
  }

  private WalkCodes encode(
      VectorSource rows, Metric metric, @Nullable CalibrationSample sample, BuildOptions options) {
    return switch (spec.codes()) {
      case AUTO, INT4, INT8 ->
          choice(rows, metric, options).encode(sample == null ? List.of() : sample.queries());
      case FLOAT16 -> RowFloats.halves(rows, metric, options);
      case FLOAT32 -> RowFloats.inPlace(rows, metric, options);
    };
  }

  private CodeChoice choice(VectorSource rows, Metric metric, BuildOptions options) {
    return new CodeChoice(spec, rows, metric, kernels, options);
  }

  /** Whether codes of few bits are made, rather than floats. */
  private boolean codesAreFew() {
    return spec.codes() != GraphSpec.Codes.FLOAT16 && spec.codes() != GraphSpec.Codes.FLOAT32;
  }

  private int degreeAbove() {
    return Math.max(2, spec.degree() / 2);
  }

  /** Parameters of a build of {@code degree} neighbours a row. */
  GraphSettings settings(int degree) {
    // In a graph with levels a row chooses half of the neighbours that it may have in the end.
    int chosen = spec.levels() ? Math.min(degree, degreeAbove()) : degree;
    return new GraphSettings(
        degree, chosen, spec.width(), (float) spec.alpha(), spec.passes(), spec.seed());
  }

  private InsertBuilder.Built link(
      VectorSource source,
      Metric metric,
      CodedRows rows,
      Copies copies,
      List<MergeBuilder.Older> older,
      BuildOptions options) {
    var settings = settings(spec.degree());
    var graphs = older;
    if (!copies.isEmpty()) {
      graphs = older.stream().map(graph -> graph.renumbered(copies::place)).toList();
    }
    if (MergeBuilder.pays(graphs, rows.size())) {
      return new MergeBuilder(rows, settings, options).build(graphs);
    }
    if (spec.builder() == GraphSpec.Builder.INSERT) {
      return new InsertBuilder(rows, settings, options).build();
    }
    var builder = new ListBuilder(rows, settings, options);
    var lists = builder.lists();
    switch (spec.builder()) {
      case NNDESCENT -> new NeighbourDescent(lists, rows, spec.seed(), options).run();
      case KNN -> {
        var blocks = Blocks.of(source, metric, copies.kept(), spec.seed(), kernels.rows(), options);
        for (var block : blocks) {
          AllPairs.offer(lists, blocks.size() == 1 ? rows : rows.some(block), block, options);
        }
      }
      case INSERT -> throw new IllegalStateException("insertion needs no lists");
    }
    return builder.build(lists);
  }

  private InsertBuilder.Built expand(
      InsertBuilder.Built built, Copies copies, BuildOptions options) {
    var links = options.arena().allocate(4L * spec.degree() * copies.size(), 64);
    var graph = new Graph(links, copies.size(), spec.degree());
    copies.expand(built.graph(), graph);
    return new InsertBuilder.Built(graph, copies.numbers(built.pivots()));
  }
}
