package dev.kith.core.quant;

import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Some rows of a source, mapped into a space, off-heap, as codes are fitted to. */
final class Sample {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final int UNIT = 256;

  private final MemorySegment values;
  private final int count;
  private final int dimension;

  private Sample(MemorySegment values, int dimension) {
    this.values = values;
    this.dimension = dimension;
    this.count = Math.toIntExact(values.byteSize() / 4 / dimension);
  }

  /**
   * Draws rows, one from each stretch of the source, so that none comes twice, in random order.
   *
   * @param most rows
   * @param cells whose centres are taken off
   * @param centres of the cells
   */
  static Sample draw(
      VectorSource rows,
      WalkSpace space,
      Cells cells,
      MemorySegment centres,
      int most,
      long seed,
      Arena arena,
      BuildOptions options) {
    int count = (int) Math.min(rows.size(), most);
    int d = space.dimension();
    var random = new SplittableRandom(seed);
    var picked = new long[count];
    for (int i = 0; i < count; i++) {
      long from = i * rows.size() / count;
      picked[i] = from + random.nextLong((i + 1) * rows.size() / count - from);
    }
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      long row = picked[i];
      picked[i] = picked[other];
      picked[other] = row;
    }
    var drawn = new Sample(arena.allocate(4L * count * d, 64), d);
    Workers.forEach(
        (count + UNIT - 1) / UNIT,
        options.threads(),
        options.progress(),
        unit -> {
          var row = new float[d];
          var reader = cells.new Reader(centres, d);
          for (int i = (int) unit * UNIT; i < Math.min(count, (unit + 1) * UNIT); i++) {
            space.row(rows, picked[i], row);
            var centre = reader.at(picked[i]);
            for (int j = 0; j < d && centre != null; j++) {
              row[j] -= centre[j];
            }
            drawn.set(i, row);
          }
        });
    return drawn;
  }

  /** Room for another sample of this size. */
  Sample like(Arena arena) {
    return new Sample(arena.allocate(values.byteSize(), 64), dimension);
  }

  /** The points from {@code from} to before {@code to}. */
  Sample slice(int from, int to) {
    long bytes = 4L * dimension;
    return new Sample(values.asSlice(from * bytes, (to - from) * bytes), dimension);
  }

  int count() {
    return count;
  }

  int dimension() {
    return dimension;
  }

  void set(int point, float[] from) {
    MemorySegment.copy(from, 0, values, FLOAT, 4L * point * dimension, dimension);
  }

  /** Copies points {@code first} to {@code first + count - 1}. */
  void get(int first, int some, float[] into) {
    MemorySegment.copy(values, FLOAT, 4L * first * dimension, into, 0, some * dimension);
  }

  void put(int first, int some, float[] from) {
    MemorySegment.copy(from, 0, values, FLOAT, 4L * first * dimension, some * dimension);
  }

  /** Elements {@code from} to {@code from + width - 1} of all points, {@code [count][width]}. */
  float[] columns(int from, int width) {
    var columns = new float[count * width];
    for (int p = 0; p < count; p++) {
      long at = 4L * ((long) p * dimension + from);
      MemorySegment.copy(values, FLOAT, at, columns, p * width, width);
    }
    return columns;
  }
}
