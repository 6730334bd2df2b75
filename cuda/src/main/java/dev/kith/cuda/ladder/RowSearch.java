package dev.kith.cuda.ladder;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Row after row, as a notebook does it: four launches each, and a copy of one number. */
final class RowSearch extends FloatSearch {
  private static final int THREADS = 256;

  /** Rows of which {@link #timed} is measured. */
  private static final int TIMED_ROWS = 500;

  private final boolean rowsOnHost;
  private final boolean pinnedResults;
  private final long rowsAt;
  private final long gapsAt;
  private final long sumAt;

  /** {@code [n]} */
  private final MemorySegment distances;

  private final Kernel subtract;
  private final Kernel square;
  private final Kernel sum;
  private final Kernel root;
  private final Arguments subtracting;
  private final Arguments squaring;
  private final Arguments summing;
  private final Arguments rooting;

  /** How many rows a run searches: all, but for measuring. */
  private int limit;

  /**
   * Loads the rows, or leaves them.
   *
   * @param rowsOnHost whether each row is copied to the device when its turn comes
   * @param pinnedResults whether distances come back while the device goes on
   */
  RowSearch(
      LadderKernels kernels,
      VectorSource source,
      VectorSource queries,
      int k,
      boolean rowsOnHost,
      boolean pinnedResults) {
    super(kernels, source, queries, k, 1);
    try {
      this.rowsOnHost = rowsOnHost;
      this.pinnedResults = pinnedResults;
      this.limit = n;
      this.rowsAt = rowsOnHost ? take(rowBytes(), "a row") : loadRows();
      this.gapsAt = take(rowBytes(), "the gaps of a row");
      this.sumAt = take(Float.BYTES, "a sum");
      this.distances =
          pinnedResults
              ? pinned((long) n * Float.BYTES).segment()
              : Arena.ofAuto().allocate(JAVA_FLOAT, n);
      subtract = kernels.kernel("kith_ladder_subtract");
      square = kernels.kernel("kith_ladder_square");
      sum = kernels.kernel("kith_ladder_sum");
      root = kernels.kernel("kith_ladder_root");
      subtracting =
          new Arguments()
              .addPointer(rowsAt)
              .addPointer(queriesAt())
              .addPointer(gapsAt)
              .addInt(1)
              .addInt(d);
      squaring = new Arguments().addPointer(gapsAt).addInt(d);
      summing = new Arguments().addPointer(gapsAt).addPointer(sumAt).addInt(1).addInt(d);
      rooting = new Arguments().addPointer(sumAt).addInt(1);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private long rowBytes() {
    return (long) d * Float.BYTES;
  }

  @Override
  void run(int count, Meter meter) {
    upload(count, meter);
    for (int row = 0; row < limit; row++) {
      one(row, meter);
    }
    stream.synchronize();
  }

  // [row]
  private void one(int row, Meter meter) {
    if (rowsOnHost) {
      meter.copies(() -> stream.copyToDevice(rowsAt, onHost(row), rowBytes()));
    } else {
      subtracting.setPointer(0, rowsAt + row * rowBytes());
    }
    int blocks = (d + THREADS - 1) / THREADS;
    meter.kernels(
        4,
        () -> {
          stream.launch(subtract, blocks, 1, 1, THREADS, 0, subtracting);
          stream.launch(square, blocks, 1, 1, THREADS, 0, squaring);
          stream.launch(sum, 1, 1, 1, 32, 0, summing);
          stream.launch(root, 1, 1, 1, 1, 0, rooting);
        });
    var result = distances.asSlice(row * (long) Float.BYTES, Float.BYTES);
    meter.copies(() -> stream.copyToHost(result, sumAt, Float.BYTES));
    if (!pinnedResults) {
      stream.synchronize(); // the program looks at each distance before it asks for the next
    }
  }

  // [/row]

  private MemorySegment onHost(int row) {
    return source.block(row, 1).data();
  }

  @Override
  void collect(int q, long[] foundRows, float[] found) {
    selectOnHost(distances, limit, foundRows, found);
  }

  @Override
  public DeviceTime timed(int first, int count) {
    limit = Math.min(n, Math.max(TIMED_ROWS, k));
    try {
      double scale = (double) n / limit;
      var some = super.timed(first, count);
      return new DeviceTime(scale * some.kernels(), scale * some.copies());
    } finally {
      limit = n;
    }
  }
}
