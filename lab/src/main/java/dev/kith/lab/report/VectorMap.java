package dev.kith.lab.report;

import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Map of vectors on the plane that shows most of their variance.
 *
 * @param rows sample of the rows, evenly spaced
 * @param query place of the query
 * @param neighbours rows that were found for it, nearest first
 * @param share share of the sample's variance that the plane shows, 0 to 1; the smaller it is, the
 *     less does near on the map mean near
 */
public record VectorMap(List<Dot> rows, Dot query, List<Dot> neighbours, double share) {
  private static final int SAMPLE = 1500;

  /** Copies the lists. */
  public VectorMap {
    rows = List.copyOf(rows);
    neighbours = List.copyOf(neighbours);
  }

  /**
   * Place of a vector.
   *
   * @param row number of the row, -1 for the query
   */
  public record Dot(long row, double x, double y) {}

  /**
   * Draws the map.
   *
   * @param rows at least one
   * @param neighbours rows that were found for the query, nearest first
   */
  public static VectorMap of(VectorSource rows, float[] query, long[] neighbours) {
    int count = (int) Math.min(rows.size(), SAMPLE);
    var sample = new float[count][];
    for (int i = 0; i < count; i++) {
      sample[i] = rows.row(row(i, count, rows));
    }
    var plane = Plane.of(sample);
    var dots = new ArrayList<Dot>();
    for (int i = 0; i < count; i++) {
      dots.add(dot(row(i, count, rows), sample[i], plane));
    }
    var near = new ArrayList<Dot>();
    for (long row : neighbours) {
      near.add(dot(row, rows.row(row), plane));
    }
    return new VectorMap(dots, dot(-1, query, plane), near, plane.share());
  }

  private static long row(int i, int count, VectorSource rows) {
    return rows.size() * i / count;
  }

  private static Dot dot(long row, float[] vector, Plane plane) {
    var place = plane.project(vector);
    return new Dot(row, place[0], place[1]);
  }
}
