package dev.kith.lab.explain;

import static java.util.stream.Collectors.joining;

import dev.kith.core.backend.Backends;
import dev.kith.core.graph.Graph;
import dev.kith.core.graph.GraphData;
import dev.kith.core.graph.WalkTrace;
import dev.kith.core.graph.WalkTrace.Hop;
import dev.kith.core.graph.WalkTrace.Met;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.lab.explain.Explanation.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The walk of an approximate search, told hop by hop. Graph, codes and walk are those of the index
 * that users build; one thing is not: the walk begins far away, so that there is a way to tell of.
 */
public final class WalkStory {
  /** Index that is told of: few links a row, or all forty points would be linked to each other. */
  private static final String INDEX = "graph(r=4,codes=int8)";

  private final Explanation told;
  private final Graph graph;
  private final WalkTrace trace;

  private WalkStory(Explanation told, Graph graph, WalkTrace trace) {
    this.told = told;
    this.graph = graph;
    this.trace = trace;
  }

  /** Story in words: the steps, and the rows that were found. */
  public Explanation told() {
    return told;
  }

  /** Graph that is walked through. */
  @SuppressWarnings("exports") // for Kith's own modules
  public Graph graph() {
    return graph;
  }

  /** The walk. */
  @SuppressWarnings("exports") // for Kith's own modules
  public WalkTrace trace() {
    return trace;
  }

  /**
   * Points on a plane, at random but not too near each other, with one decimal.
   *
   * @param count number of points, at most 60
   * @param seed the same gives the same points
   * @return {@code [count][2]}, from 0 to 10 across and 0 to 7 up
   */
  public static float[][] points(int count, long seed) {
    var random = new SplittableRandom(seed);
    var points = new ArrayList<float[]>();
    while (points.size() < count) {
      var point = new float[] {random.nextInt(101) / 10f, random.nextInt(71) / 10f};
      if (points.stream().allMatch(other -> Metric.L2.key(other, point) >= 0.5)) {
        points.add(point);
      }
    }
    return points.toArray(float[][]::new);
  }

  /**
   * Tells a walk.
   *
   * @param points {@code [n][d]}, n and d at least 1, finite
   * @param query {@code [d]}
   * @param k neighbours, at least 1
   * @param width number of rows that the walk keeps, at least {@code k}
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public static WalkStory of(float[][] points, float[] query, int k, int width) {
    Explanation.requireShapes(points, query, k);
    if (width < k) {
      throw new IllegalArgumentException(
          "a walk must keep the rows that are wanted: width=%d, k=%d".formatted(width, k));
    }
    try (var rows = VectorSource.of(points)) {
      var built =
          Backends.builderOf(IndexSpec.parse(INDEX))
              .build(rows, Metric.L2, BuildOptions.defaults().withThreads(1));
      if (!(built instanceof GraphData data)) {
        throw new IllegalStateException(INDEX + " was built as " + built.getClass());
      }
      int begin = farthest(points, query);
      var trace = WalkTrace.of(data, query, width, begin);
      var teller = new Teller(points, query, k, data, trace);
      return new WalkStory(teller.tell(), data.graph(), trace);
    }
  }

  private static int farthest(float[][] points, float[] query) {
    int farthest = 0;
    for (int row = 1; row < points.length; row++) {
      if (Metric.L2.key(query, points[row]) > Metric.L2.key(query, points[farthest])) {
        farthest = row;
      }
    }
    return farthest;
  }

  /** Words for what a trace holds. */
  private static final class Teller {
    private final float[][] points;
    private final float[] query;
    private final int k;
    private final GraphData data;
    private final WalkTrace trace;

    Teller(float[][] points, float[] query, int k, GraphData data, WalkTrace trace) {
      this.points = points;
      this.query = query;
      this.k = k;
      this.data = data;
      this.trace = trace;
    }

    Explanation tell() {
      var steps = new ArrayList<Step>();
      steps.add(new Step("Points, and links between them", links()));
      steps.add(new Step("Where the walk begins", beginning()));
      var expanded = new HashSet<Integer>();
      for (int i = 0; i < trace.hops().size(); i++) {
        var hop = trace.hops().get(i);
        expanded.add(hop.row());
        steps.add(new Step("Hop %d: row %d".formatted(i + 1, hop.row()), hop(hop, expanded)));
      }
      steps.add(new Step("Nothing is left to expand", ending()));
      var answer =
          trace.kept().stream()
              .map(Met::row)
              .sorted(Comparator.comparingDouble(this::key).thenComparing(row -> row))
              .limit(k)
              .toList();
      steps.add(new Step("The true distances of what was kept", scores(answer)));
      return new Explanation(steps, answer);
    }

    private String links() {
      var lines = new StringBuilder();
      lines.append(
          "Every row is linked to rows near it, at most %d: %s, built here and now.\n"
              .formatted(data.graph().degree(), data.spec()));
      for (int row = 0; row < points.length; row++) {
        lines.append(
            "row %d at %s: %s\n"
                .formatted(
                    row,
                    Explanation.place(points[row]),
                    rows(Arrays.stream(data.graph().neighbours(row)).boxed().toList())));
      }
      lines.append("the query is at %s; k = %d\n".formatted(Explanation.place(query), k));
      lines.append(
          "%d of %d rows can be reached along links from where searches begin.\n"
              .formatted(data.reached(), points.length));
      return lines.toString();
    }

    private String beginning() {
      return "A walk keeps the nearest rows that it has met, at most %d here: its width. It expands the\n"
              .formatted(trace.width())
          + "nearest of them that was not expanded yet: it estimates the rows that one is linked"
          + " to, by\n"
          + "their codes of one byte a number, which is cheaper than reading them.\n"
          + "It begins at row %s, the farthest of all, so that there is a way to tell of.\n"
              .formatted(met(trace.seeds().getFirst()));
    }

    private String hop(Hop hop, Set<Integer> expanded) {
      var lines = new StringBuilder();
      lines.append(
          "The nearest that was kept and not expanded is row %d, linked to %s.\n"
              .formatted(
                  hop.row(),
                  rows(Arrays.stream(data.graph().neighbours(hop.row())).boxed().toList())));
      if (!hop.known().isEmpty()) {
        lines.append("met before: %s\n".formatted(rows(hop.known())));
      }
      lines.append(
          "estimated now: %s\n"
              .formatted(
                  hop.fresh().isEmpty()
                      ? "none, they were all met before"
                      : hop.fresh().stream().map(one -> "row " + met(one)).collect(joining("; "))));
      if (!hop.dropped().isEmpty()) {
        lines.append("too far to be kept: %s\n".formatted(rows(hop.dropped())));
      }
      lines.append(
          "kept, nearest first, * expanded: %s\n"
              .formatted(
                  hop.kept().stream()
                      .map(one -> one.row() + (expanded.contains(one.row()) ? "*" : ""))
                      .collect(joining(" "))));
      return lines.toString();
    }

    private String ending() {
      return "All rows that are kept were expanded, and none of their links leads to anything"
          + " nearer.\n"
          + "%d hops estimated %d of %d rows.\n"
              .formatted(trace.hops().size(), trace.estimated(), points.length)
          + "A wider walk keeps more, and goes on for longer: it finds more, for more work. Nothing"
          + " proves\n"
          + "that it missed none; how much it finds is measured, and asked for as a recall.\n";
    }

    private String scores(List<Integer> answer) {
      var lines = new StringBuilder();
      lines.append(
          "Estimates led the way; the answer is decided by the distances of the rows"
              + " themselves.\n");
      for (var one : trace.kept()) {
        lines.append(
            "row %s, in truth %s\n"
                .formatted(met(one), Explanation.number(Math.sqrt(key(one.row())))));
      }
      lines.append("The nearest %d: %s.\n".formatted(answer.size(), rows(answer)));
      var exact =
          IntStream.range(0, points.length)
              .boxed()
              .sorted(Comparator.comparingDouble(this::key).thenComparing(row -> row))
              .limit(k)
              .toList();
      long found = exact.stream().filter(answer::contains).count();
      lines.append(
          "Of all %d rows the nearest are %s: the walk found %d of %d, a recall of %s.\n"
              .formatted(
                  points.length,
                  rows(exact),
                  found,
                  exact.size(),
                  Explanation.number((double) found / exact.size())));
      var searched =
          VectorIndex.over(data)
              .search(
                  VectorSource.single(query),
                  SearchOptions.nearest(k)
                      .withThreads(1)
                      .withEffort(new Effort.Beam(trace.width())));
      var report = searched.report();
      lines.append(
          "Kith's own search, backend %s, of the same width begins nearer, at the best of some rows that\nare spread over the data: %d hops, and it finds %s.\n"
              .formatted(
                  report.backend(),
                  report.work().hops(),
                  rows(
                      Arrays.stream(searched.neighbors().getFirst().rows())
                          .mapToObj(row -> (int) row)
                          .toList())));
      return lines.toString();
    }

    private double key(int row) {
      return Metric.L2.key(query, points[row]);
    }

    private static String met(Met one) {
      return "%d, about %s away".formatted(one.row(), Explanation.number(Math.sqrt(one.squared())));
    }

    private static String rows(List<Integer> rows) {
      return rows.isEmpty() ? "no row" : Explanation.rows(rows);
    }
  }
}
