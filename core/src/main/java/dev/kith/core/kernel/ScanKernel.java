package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The loops of a scan over float32 rows, all of them inner products: every metric follows from
 * {@code <query, row>} and {@code <row, row>}.
 *
 * <p>Contract of every product here, whatever the order of its sums and whether or not they are
 * fused: {@code |computed - exact| <= gamma(d) * |query| * |row| + d * 2^-149} while nothing
 * overflows, with {@code gamma(d) = d u / (1 - d u)} and {@code u = 2^-24} (Higham 2002, section
 * 3.1). A NaN or infinite element, or an overflow, gives a product that is not finite or a norm
 * that is not finite. {@code docs/exactness.md} builds the proof on this.
 *
 * <p>Implementations are stateless and safe for many threads. Shapes are checked by the caller.
 */
public interface ScanKernel {

  /** Short name of the instruction set behind it, for reports. */
  String name();

  /** Rows of one panel in {@link #tile}. */
  int panelRows();

  /** Queries of one tile in {@link #tile}. */
  int tileQueries();

  /**
   * Multiplies one query with rows in place.
   *
   * @param query {@code [d]}
   * @param rows off-heap; row {@code r} is at {@code r * stride} bytes, float32 little-endian
   * @param dots {@code [>= count]}; receives {@code <query, row r>}
   */
  void dots(float[] query, MemorySegment rows, long stride, int count, float[] dots);

  /**
   * Multiplies one query with some of the rows, in place.
   *
   * @param rows off-heap; row {@code r} is at {@code r * stride} bytes, float32 little-endian
   * @param picked {@code [>= count]} rows
   * @param dots {@code [>= count]}; receives {@code <query, row picked[i]>}
   */
  void dots(float[] query, MemorySegment rows, long stride, int[] picked, int count, float[] dots);

  /**
   * Squared norms {@code <row, row>} of some of the rows, in place.
   *
   * @param picked {@code [>= count]} rows
   * @param norms {@code [>= count]}; receives the squared norm of row {@code picked[i]}
   */
  void squaredNorms(MemorySegment rows, long stride, int d, int[] picked, int count, float[] norms);

  /** Squared norm {@code <row, row>}. */
  float squaredNorm(float[] row);

  /**
   * Lays rows side by side for {@link #tile}. Columns of the panel past {@code count} keep what was
   * there.
   *
   * @param rows {@code [count][d]}, {@code count <= panelRows()}
   * @param panel receives {@code [d][panelRows]} at {@code at}
   */
  void pack(float[] rows, int count, int d, float[] panel, int at);

  /**
   * Multiplies a tile of queries with a panel of rows.
   *
   * @param rows {@code [d][panelRows]} at {@code rowsAt}: element by element, rows side by side
   * @param queries {@code [d][tileQueries]} at {@code queriesAt}, likewise
   * @param d elements of a vector
   * @param dots {@code [tileQueries][panelRows]}; receives the products
   */
  void tile(float[] rows, int rowsAt, float[] queries, int queriesAt, int d, float[] dots);

  /**
   * Selects the rows that a threshold does not exclude: those with {@code not (dots * mul + add +
   * scale * slack < threshold)}, so that NaN is kept. Each operation is rounded or fused.
   *
   * @param dots {@code [at .. at + count)}
   * @param mul {@code [from .. from + count)}
   * @param add {@code [from .. from + count)}
   * @param slack {@code [from .. from + count)}
   * @param kept {@code [>= count]}; receives positions, 0 to {@code count - 1}, ascending
   * @return number of positions in {@code kept}
   */
  int select(
      float[] dots,
      int at,
      int from,
      int count,
      float[] mul,
      float[] add,
      float[] slack,
      float scale,
      float threshold,
      int[] kept);
}
