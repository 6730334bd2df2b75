package dev.kith.core.recall;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Makes a curve of observations. The same observations in the same order give the same bytes.
 * Immutable.
 */
public final class CurveFit {
  /*
   * Implementation notes
   *
   * One curve for all queries cannot serve: a width that finds 0.99 for queries like the rows finds
   * 0.8 for others. Two things make a rule carry over. The walk does not stop at a width but at a
   * ratio of distances, which adapts to the density about the query; what ratio a recall takes
   * varies far less between kinds of queries than the width does. And queries are told apart by a
   * score, a logistic regression of what is missed by the narrowest walk on what the query has
   * shown once that walk is done (Difficulty): nothing that depends on where the query came from.
   *
   * The two easiest classes are the easier half of the likely queries and most of the rest, and
   * their figures are those of likely queries alone: they decide what ordinary searches cost. A
   * rule counts on no more than the other kinds in the class reach, too: some look easier than
   * they are. What scores higher than nearly all likely queries is cut into classes of equal
   * numbers, measured on all kinds together.
   *
   * Two errors make the deviation of a class. One is that of a mean over its sample. The other is
   * how much the means of the kinds of queries within the class differ beyond that: a new kind may
   * lie anywhere among them. A rule counts on the mean less the first in the two easiest classes,
   * and less both in the others.
   */

  /** Share of the likely queries in the easiest class. */
  private static final double EASY = 0.5;

  /** Share of the likely queries in the two easiest classes. */
  private static final double USUAL = 0.9;

  /** Classes of queries. */
  private static final int CLASSES = 6;

  /** Queries of one kind in a class from which on their mean says something. */
  private static final int SOME = 8;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final List<Integer> ks;
  private final List<Integer> widths;
  private final List<Float> ratios;

  /**
   * Creates a fit.
   *
   * @param ks numbers of neighbours, ascending
   * @param widths ladder of widths, ascending
   * @param ratios ladder of ratios of distances, from 1 on, ascending
   */
  public CurveFit(List<Integer> ks, List<Integer> widths, List<Float> ratios) {
    this.ks = List.copyOf(ks);
    this.widths = List.copyOf(widths);
    this.ratios = List.copyOf(ratios);
  }

  /** Numbers of neighbours. */
  public List<Integer> ks() {
    return ks;
  }

  /** Ladder of widths. */
  public List<Integer> widths() {
    return widths;
  }

  /** Ladder of ratios of distances. */
  public List<Float> ratios() {
    return ratios;
  }

  /**
   * Makes the curve.
   *
   * @param intrinsicDimension about the likely queries, or NaN
   */
  public RecallCurve fit(List<Observation> observations, double intrinsicDimension, Arena arena) {
    var part =
        arena.allocate(RecallCurve.bytes(ks.size(), widths.size(), ratios.size(), CLASSES), 64);
    int likely = (int) observations.stream().filter(each -> each.kind() == 0).count();
    part.set(INT, 0, RecallCurve.LAYOUT);
    part.set(INT, 4, ks.size());
    part.set(INT, 8, widths.size());
    part.set(INT, 12, ratios.size());
    part.set(INT, 16, CLASSES);
    part.set(INT, 20, likely);
    part.set(INT, 24, observations.size() - likely);
    part.set(FLOAT, 28, (float) intrinsicDimension);
    var out = new Writer(part, RecallCurve.HEADER);
    ks.forEach(out::put);
    widths.forEach(out::put);
    ratios.forEach(out::put);
    for (int k = 0; k < ks.size(); k++) {
      fit(observations, k, out);
    }
    return RecallCurve.open(part);
  }

  /** Writes numbers one after another. */
  private static final class Writer {
    private final MemorySegment part;
    private long at;

    Writer(MemorySegment part, long at) {
      this.part = part;
      this.at = at;
    }

    void put(int number) {
      part.set(INT, at, number);
      at += 4;
    }

    void put(float number) {
      part.set(FLOAT, at, number);
      at += 4;
    }
  }

  private void fit(List<Observation> observations, int k, Writer out) {
    int count = observations.size();
    var features = new double[count][Difficulty.FEATURES];
    var missed = new double[count];
    for (int i = 0; i < count; i++) {
      for (int f = 0; f < Difficulty.FEATURES; f++) {
        features[i][f] = observations.get(i).difficulty(k).feature(f);
      }
      missed[i] = 1 - recall(observations.get(i), k, widths.size());
    }
    var coefficients = Logistic.fit(features, missed);
    var scores = new double[count];
    for (int i = 0; i < count; i++) {
      // As a curve computes it later, from what is kept.
      double score = (float) coefficients[0];
      for (int f = 0; f < Difficulty.FEATURES; f++) {
        score += (float) coefficients[f + 1] * features[i][f];
      }
      scores[i] = score;
    }
    var edges = edges(observations, scores);
    for (double coefficient : coefficients) {
      out.put((float) coefficient);
    }
    for (float edge : edges) {
      out.put(edge);
    }
    for (int c = 0; c < CLASSES; c++) {
      int queryClass = c;
      var members =
          IntStream.range(0, count)
              .filter(i -> classOf(scores[i], edges) == queryClass)
              .mapToObj(observations::get)
              .toList();
      var likely = members.stream().filter(each -> each.kind() == 0).toList();
      out.put(likely.size());
      out.put(members.size());
      write(c < 2 ? likely : members, members, k, out);
    }
  }

  private static int classOf(double score, float[] edges) {
    int found = 0;
    while (found < edges.length && score > edges[found]) {
      found++;
    }
    return found;
  }

  private static float[] edges(List<Observation> observations, double[] scores) {
    var likely =
        IntStream.range(0, scores.length)
            .filter(i -> observations.get(i).kind() == 0)
            .mapToDouble(i -> scores[i])
            .sorted()
            .toArray();
    var edges = new float[CLASSES - 1];
    Arrays.fill(edges, Float.POSITIVE_INFINITY);
    if (likely.length == 0) {
      return edges;
    }
    edges[0] = (float) likely[(int) (EASY * (likely.length - 1))];
    edges[1] = (float) likely[(int) (USUAL * (likely.length - 1))];
    var hard = Arrays.stream(scores).filter(score -> score > edges[1]).sorted().toArray();
    if (hard.length > 0) {
      for (int i = 2; i < edges.length; i++) {
        edges[i] = (float) hard[hard.length * (i - 1) / (CLASSES - 2)];
      }
    }
    return edges;
  }

  private static double recall(Observation observation, int k, int step) {
    return observation.figure(k, step, 3);
  }

  /** Writes the figures of a class at each step; recall does not fall from step to step. */
  private void write(List<Observation> members, List<Observation> all, int k, Writer out) {
    var kinds = new ArrayList<List<Observation>>();
    all.stream()
        .mapToInt(Observation::kind)
        .distinct()
        .sorted()
        .forEach(kind -> kinds.add(all.stream().filter(m -> m.kind() == kind).toList()));
    var unlikely = all.stream().filter(each -> each.kind() != 0).toList();
    double highest = 0;
    double surest = 0;
    for (int step = 0; step < widths.size() + ratios.size(); step++) {
      if (step == widths.size()) {
        highest = 0;
        surest = 0;
      }
      int at = step;
      double mean = mean(members, k, at);
      double error = error(members, k, at, mean);
      double spread = spread(kinds, k, at, mean);
      double sure = mean - (members.size() < all.size() ? error : Math.hypot(error, spread));
      if (members.size() < all.size() && unlikely.size() >= SOME) {
        sure = Math.min(sure, mean(unlikely, k, at));
      }
      highest = Math.max(highest, mean);
      surest = Math.max(surest, sure);
      out.put((float) highest);
      out.put((float) surest);
      out.put((float) Math.sqrt(error * error + spread * spread));
      for (int figure = 0; figure < Observation.FIGURES - 1; figure++) {
        int number = figure;
        out.put(
            (float) members.stream().mapToDouble(m -> m.figure(k, at, number)).average().orElse(0));
      }
    }
  }

  private static double mean(List<Observation> members, int k, int step) {
    return members.stream().mapToDouble(m -> recall(m, k, step)).average().orElse(0);
  }

  /** Standard error of a mean; what the sample cannot show is taken to be half a neighbour. */
  private double error(List<Observation> members, int k, int step, double mean) {
    if (members.isEmpty()) {
      return 1;
    }
    double squares = 0;
    for (var member : members) {
      double off = recall(member, k, step) - mean;
      squares += off * off;
    }
    double count = members.size();
    return Math.sqrt((squares / count + 0.25 / (count * ks.get(k))) / count);
  }

  /** How far the means of the kinds lie from the mean of all, beyond their own errors. */
  private double spread(List<List<Observation>> kinds, int k, int step, double mean) {
    double sum = 0;
    int count = 0;
    for (var kind : kinds) {
      if (kind.size() >= SOME) {
        double own = mean(kind, k, step);
        double error = error(kind, k, step, own);
        sum += kind.size() * ((own - mean) * (own - mean) - error * error);
        count += kind.size();
      }
    }
    return sum > 0 ? Math.sqrt(sum / count) : 0;
  }
}
