package dev.kith.lab.explain;

import static java.util.stream.Collectors.joining;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The steps of a search, told in words with every number of it. Nothing is a printed constant:
 * other points give another story, and every answer is compared with the one that Kith's own search
 * gives.
 *
 * @param steps in the order of the story
 * @param answer the rows that the search found, nearest first
 */
public record Explanation(List<Step> steps, List<Integer> answer) {
  /** Largest code of the lossy copy, small enough that the loss can be seen. */
  private static final int CODES = 7;

  /** Upper bound of the relative error of the bound's own float64 arithmetic. */
  private static final double ROUNDING = 1e-9;

  /** Numbers of a text's vector that are shown. */
  private static final int SHOWN = 6;

  /** Copies the lists. */
  public Explanation {
    steps = List.copyOf(steps);
    answer = List.copyOf(answer);
  }

  /**
   * One step.
   *
   * @param title a few words
   * @param text lines, each ending in a line feed
   */
  public record Step(String title, String text) {}

  /** Row with the key that it was compared by. */
  private record Ranked(int row, double key) {
    private static final Comparator<Ranked> ORDER =
        Comparator.comparingDouble(Ranked::key).thenComparingInt(Ranked::row);
  }

  /**
   * Explains the search itself: points, query, distances, sorting, the first {@code k}.
   *
   * @param points {@code [n][d]}, n and d at least 1, finite
   * @param query {@code [d]}
   * @param k at least 1
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public static Explanation ofPoints(float[][] points, float[] query, int k) {
    requireShapes(points, query, k);
    var steps = new ArrayList<Step>();
    var lines = new StringBuilder();
    for (int row = 0; row < points.length; row++) {
      lines.append("row %d is at %s\n".formatted(row, place(points[row])));
    }
    lines.append("the query is at %s\n".formatted(place(query)));
    lines.append("k = %d: how many of the nearest rows are wanted\n".formatted(k));
    steps.add(new Step("The points, and a question", lines.toString()));

    lines.setLength(0);
    lines.append(
        "For each row: the gap in each direction, squared; all added up; the root of that.\n");
    var ranked = new ArrayList<Ranked>();
    for (int row = 0; row < points.length; row++) {
      double key = Metric.L2.key(query, points[row]);
      ranked.add(new Ranked(row, key));
      lines.append("row %d: %s\n".formatted(row, arithmetic(query, points[row], key)));
    }
    steps.add(new Step("The distances", lines.toString()));

    ranked.sort(Ranked.ORDER);
    lines.setLength(0);
    lines.append("Nearest first; of equals, the smaller row first.\n");
    for (int rank = 0; rank < ranked.size(); rank++) {
      var one = ranked.get(rank);
      lines.append(
          "%d. row %d, distance %s\n".formatted(rank + 1, one.row, number(Math.sqrt(one.key))));
    }
    steps.add(new Step("Sorting", lines.toString()));

    var answer = ranked.stream().limit(k).map(Ranked::row).toList();
    lines.setLength(0);
    lines.append("The first %d of that list: %s.\n".formatted(answer.size(), rows(answer)));
    lines.append(
        "A search need not sort all rows: it remembers the best k and the worst of them, and most"
            + " rows\nlose one comparison.\n");
    lines.append(agreement(points, query, k, Metric.L2, answer));
    steps.add(new Step("The nearest", lines.toString()));
    return new Explanation(steps, answer);
  }

  /**
   * Explains the vectors of texts, and that they are searched like points.
   *
   * @param texts at least one
   * @param question text whose nearest texts are wanted
   * @param embed model: turns a text into its vector
   */
  public static Explanation ofTexts(
      List<String> texts, String question, int k, Function<String, float[]> embed) {
    var vectors = texts.stream().map(embed).toArray(float[][]::new);
    var query = embed.apply(question);
    requireShapes(vectors, query, k);
    var steps = new ArrayList<Step>();
    var lines = new StringBuilder();
    lines.append(
        "A model turns a text into a point of %d numbers. It was trained so that\n"
                .formatted(query.length)
            + "texts of like meaning lie near each other. No number means anything by itself.\n");
    for (int row = 0; row < vectors.length; row++) {
      lines.append("row %d: %s\n".formatted(row, texts.get(row)));
      lines.append("       %s\n".formatted(beginning(vectors[row])));
    }
    lines.append("query: %s\n       %s\n".formatted(question, beginning(query)));
    steps.add(new Step("Texts as points", lines.toString()));

    lines.setLength(0);
    lines.append(
        "Same search, one change: texts are compared by the angle between their vectors, as its\n"
            + "cosine. It is 1 for the same direction, 0 for directions that have nothing in"
            + " common.\n");
    var ranked = new ArrayList<Ranked>();
    for (int row = 0; row < vectors.length; row++) {
      ranked.add(new Ranked(row, Metric.COSINE.key(query, vectors[row])));
    }
    ranked.sort(Ranked.ORDER);
    for (int rank = 0; rank < ranked.size(); rank++) {
      var one = ranked.get(rank);
      lines.append(
          "%d. row %d, cosine %s: %s\n"
              .formatted(
                  rank + 1, one.row, number(Metric.COSINE.score(one.key)), texts.get(one.row)));
    }
    var answer = ranked.stream().limit(k).map(Ranked::row).toList();
    lines.append("The nearest %d: %s.\n".formatted(answer.size(), rows(answer)));
    lines.append(agreement(vectors, query, k, Metric.COSINE, answer));
    steps.add(new Step("The nearest texts", lines.toString()));
    return new Explanation(steps, answer);
  }

  /**
   * Why it matters how numbers are rounded: the order by float32 sums beside the true one.
   *
   * @param points {@code [n][d]}
   * @param query {@code [d]}
   */
  public static Explanation ofRounding(float[][] points, float[] query) {
    requireShapes(points, query, 1);
    var lines = new StringBuilder();
    lines.append(
        "A float32 number has 24 bits: from %s on, it steps by 2. Squares get there soon.\n"
            .formatted(number(0x1p24)));
    lines.append("The query is at %s.\n".formatted(place(query)));
    var rounded = new ArrayList<Ranked>();
    var exact = new ArrayList<Ranked>();
    for (int row = 0; row < points.length; row++) {
      float sum = 0;
      for (int i = 0; i < query.length; i++) {
        float gap = points[row][i] - query[i];
        sum += gap * gap;
      }
      double key = Metric.L2.key(query, points[row]);
      rounded.add(new Ranked(row, sum));
      exact.add(new Ranked(row, key));
      lines.append(
          "row %d at %s: squared distance %s in float32, %s in float64\n"
              .formatted(row, place(points[row]), number(sum), number(key)));
    }
    rounded.sort(Ranked.ORDER);
    exact.sort(Ranked.ORDER);
    var answer = exact.stream().map(Ranked::row).toList();
    var other = rounded.stream().map(Ranked::row).toList();
    lines.append("By float32 the order is %s, by float64 %s".formatted(rows(other), rows(answer)));
    lines.append(
        other.equals(answer)
            ? ": the same here.\n"
            : ".\nTwo programs that add in another order may thus find other rows. Kith defines the"
                + " answer once,\nin float64, and every backend must give it.\n");
    return new Explanation(List.of(new Step("Why exact is not obvious", lines.toString())), answer);
  }

  /**
   * Explains how a smaller, lossy copy of the points can still give the exact answer: by a bound.
   *
   * @param points {@code [n][d]}
   * @param query {@code [d]}
   */
  public static Explanation ofBounds(float[][] points, float[] query, int k) {
    requireShapes(points, query, k);
    var steps = new ArrayList<Step>();
    var lines = new StringBuilder();
    float largest = 0;
    for (var point : points) {
      for (float x : point) {
        largest = Math.max(largest, Math.abs(x));
      }
    }
    double step = largest == 0 ? 1 : (double) largest / CODES;
    lines.append(
        "Reading is what takes the time, so read less: keep each number as a small code, a multiple"
            + " of %s.\nHere codes go from -%d to %d; Kith's go to 127, one byte instead of four.\n"
                .formatted(number(step), CODES, CODES));
    var copies = new double[points.length][query.length];
    var losses = new double[points.length];
    for (int row = 0; row < points.length; row++) {
      var codes = new long[query.length];
      double squares = 0;
      for (int i = 0; i < query.length; i++) {
        codes[i] = Math.round(points[row][i] / step);
        copies[row][i] = step * codes[i];
        double lost = points[row][i] - copies[row][i];
        squares += lost * lost;
      }
      losses[row] = Math.sqrt(squares);
      lines.append(
          "row %d at %s: codes %s, that is %s; lost: %s\n"
              .formatted(
                  row,
                  place(points[row]),
                  Arrays.toString(codes),
                  place(copies[row]),
                  number(losses[row])));
    }
    steps.add(new Step("A smaller copy", lines.toString()));

    lines.setLength(0);
    lines.append(
        "A row is no farther from its copy than what was lost. So its distance to the query is that"
            + " of\nthe copy, give or take the loss: a range, and the truth lies in it.\n");
    var low = new double[points.length];
    var high = new double[points.length];
    for (int row = 0; row < points.length; row++) {
      double distance = distance(query, copies[row]);
      double slack = ROUNDING * (distance + losses[row]);
      low[row] = Math.max(0, distance - losses[row] - slack);
      high[row] = distance + losses[row] + slack;
      lines.append(
          "row %d: %s give or take %s, so between %s and %s\n"
              .formatted(
                  row, number(distance), number(losses[row]), number(low[row]), number(high[row])));
    }
    int wanted = Math.min(k, points.length);
    double cut = Arrays.stream(high).sorted().toArray()[wanted - 1];
    var left = IntStream.range(0, points.length).filter(row -> !(low[row] > cut)).boxed().toList();
    var out = IntStream.range(0, points.length).filter(row -> low[row] > cut).boxed().toList();
    lines.append(
        "%s surely no farther than %s. A row that is surely farther is out: %s.\n"
            .formatted(
                wanted == 1 ? "1 row is" : wanted + " rows are",
                number(cut),
                out.isEmpty() ? "none here" : rows(out)));
    steps.add(new Step("A bound", lines.toString()));

    lines.setLength(0);
    var ranked = new ArrayList<Ranked>();
    for (int row : left) {
      double key = Metric.L2.key(query, points[row]);
      ranked.add(new Ranked(row, key));
      lines.append("row %d: %s\n".formatted(row, arithmetic(query, points[row], key)));
    }
    ranked.sort(Ranked.ORDER);
    var answer = ranked.stream().limit(k).map(Ranked::row).toList();
    lines.append(
        "%d of %d rows were read in full, and the answer is proved: %s.\n"
            .formatted(left.size(), points.length, rows(answer)));
    lines.append(
        "Kith's bound is sharper than this one, and rounded outward, for its own arithmetic rounds"
            + " too:\ndocs/exactness.md has the proof.\n");
    lines.append(agreement(points, query, k, Metric.L2, answer));
    steps.add(new Step("What is left is scored exactly", lines.toString()));
    return new Explanation(steps, answer);
  }

  static void requireShapes(float[][] points, float[] query, int k) {
    if (points.length == 0 || query.length == 0 || k < 1) {
      throw new IllegalArgumentException(
          "at least one point, one coordinate and k are needed: points=%d, coordinates=%d, k=%d"
              .formatted(points.length, query.length, k));
    }
    for (int row = 0; row < points.length; row++) {
      if (points[row].length != query.length) {
        throw new IllegalArgumentException(
            "points must have as many coordinates as the query: query=%d, point %d has %d"
                .formatted(query.length, row, points[row].length));
      }
    }
  }

  /** Sentence that compares with what Kith itself finds. */
  private static String agreement(
      float[][] points, float[] query, int k, Metric metric, List<Integer> answer) {
    try (var rows = VectorSource.of(points)) {
      var index = VectorIndex.over(rows, metric, "flat(shadow=int8)");
      var result = index.search(VectorSource.single(query), SearchOptions.nearest(k));
      var found =
          Arrays.stream(result.neighbors().getFirst().rows()).mapToObj(row -> (int) row).toList();
      if (!found.equals(answer)) {
        throw new IllegalStateException(
            "the explanation and the search differ: explained=%s, backend %s found=%s"
                .formatted(answer, result.report().backend(), found));
      }
      return "Kith's own search, backend %s, finds the same.\n"
          .formatted(result.report().backend());
    }
  }

  private static String arithmetic(float[] query, float[] point, double key) {
    var gaps =
        IntStream.range(0, query.length)
            .mapToObj(i -> "(%s - %s)^2".formatted(number(point[i]), signed(query[i])))
            .collect(joining(" + "));
    var squares =
        IntStream.range(0, query.length)
            .mapToObj(
                i -> {
                  double gap = (double) point[i] - query[i];
                  return number(gap * gap);
                })
            .collect(joining(" + "));
    return "%s = %s = %s, root %s".formatted(gaps, squares, number(key), number(Math.sqrt(key)));
  }

  /** Number in brackets if negative, to stand after a minus. */
  private static String signed(double x) {
    return x < 0 ? "(" + number(x) + ")" : number(x);
  }

  private static double distance(float[] query, double[] copy) {
    double sum = 0;
    for (int i = 0; i < query.length; i++) {
      double gap = query[i] - copy[i];
      sum += gap * gap;
    }
    return Math.sqrt(sum);
  }

  private static String beginning(float[] vector) {
    return IntStream.range(0, Math.min(SHOWN, vector.length))
            .mapToObj(i -> number(vector[i]))
            .collect(joining(", ", "(", ""))
        + (vector.length > SHOWN ? ", and %d more)".formatted(vector.length - SHOWN) : ")");
  }

  static String rows(List<Integer> rows) {
    return (rows.size() == 1 ? "row " : "rows ")
        + rows.stream().map(String::valueOf).collect(joining(", "));
  }

  static String place(float[] point) {
    return IntStream.range(0, point.length)
        .mapToObj(i -> number(point[i]))
        .collect(joining(", ", "(", ")"));
  }

  private static String place(double[] point) {
    return Arrays.stream(point).mapToObj(Explanation::number).collect(joining(", ", "(", ")"));
  }

  /** Number with at most four decimals, without trailing zeros. */
  static String number(double x) {
    String text = String.format(Locale.ROOT, "%.4f", x);
    text = text.replaceAll("0+$", "").replaceAll("\\.$", "");
    return text.equals("-0") ? "0" : text;
  }
}
