package dev.kith.cuda.ladder;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.driver.PinnedMemory;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.memory.GpuBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A search of float32 rows by kernels of {@code ladder.cu}: what all of them share. */
abstract class FloatSearch implements GpuSearch {
  final LadderKernels kernels;
  final Gpu gpu;
  final Stream stream;
  final VectorSource source;
  final int n;
  final int d;
  final int k;

  /** Queries at once, at most. */
  final int most;

  private final VectorSource queries;
  private final PinnedMemory givenQueries;
  private final long queriesAt;
  private @Nullable GpuBuffer rows;
  private final List<DeviceMemory> taken = new ArrayList<>();
  private final List<PinnedMemory> pinned = new ArrayList<>();

  FloatSearch(LadderKernels kernels, VectorSource source, VectorSource queries, int k, int most) {
    this.kernels = kernels;
    this.gpu = kernels.gpu();
    this.source = source;
    this.queries = queries;
    this.n = Math.toIntExact(source.size());
    this.d = source.dimension();
    this.k = Math.min(k, n);
    this.most = most;
    this.stream = gpu.context().stream();
    try {
      long bytes = (long) most * d * Float.BYTES;
      this.queriesAt = take(bytes, "queries");
      this.givenQueries = pinned(bytes);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Device memory until this is closed: its address. */
  final long take(long bytes, String what) {
    var memory = gpu.ledger().take(bytes, what);
    taken.add(memory);
    return memory.address();
  }

  /** Pinned memory until this is closed. */
  final PinnedMemory pinned(long bytes) {
    var memory = gpu.context().pinned(bytes);
    pinned.add(memory);
    return memory;
  }

  /** Brings the rows to the device: their address. */
  final long loadRows() {
    rows = gpu.loader().load(source);
    return rows.address();
  }

  /** Where the device has the queries. */
  final long queriesAt() {
    return queriesAt;
  }

  /** Queues copying the queries that were given. */
  final void upload(int count, Meter meter) {
    meter.copies(
        () ->
            stream.copyToDevice(queriesAt, givenQueries.segment(), (long) count * d * Float.BYTES));
  }

  /** Does everything on the device for {@code count} queries; returns when it is done. */
  abstract void run(int count, Meter meter);

  /** What the run left for query {@code q}, of those of the run. */
  abstract void collect(int q, long[] foundRows, float[] distances);

  /** Of all queries of a run, as {@link Found#bytes}. */
  final long bytes() {
    return (long) n * d * Float.BYTES;
  }

  @Override
  public final Found search(int first, int count) {
    run(first, count, Meter.NONE);
    var found = new long[count][k];
    var distances = new float[count][k];
    for (int q = 0; q < count; q++) {
      collect(q, found[q], distances[q]);
    }
    return new Found(found, distances, bytes(), (double) n * d * count);
  }

  private void run(int first, int count, Meter meter) {
    try {
      give(first, count);
      run(count, meter);
    } catch (CudaException e) {
      if (e.isContextLost()) {
        gpu.lose(e);
      }
      throw e;
    }
  }

  private void give(int first, int count) {
    if (count < 1 || count > most) {
      throw new IllegalArgumentException(
          "this rung takes 1 to %d queries at once: %d".formatted(most, count));
    }
    for (int q = 0; q < count; q++) {
      var query = queries.row(first + q);
      MemorySegment.copy(
          query, 0, givenQueries.segment(), JAVA_FLOAT, (long) q * d * Float.BYTES, d);
    }
  }

  @Override
  public DeviceTime timed(int first, int count) {
    try (var meter = new Meter.Timed(kernels, stream)) {
      run(first, count, meter);
      return meter.time();
    }
  }

  /** The k smallest of n distances, by the host. */
  final void selectOnHost(MemorySegment all, int count, long[] foundRows, float[] distances) {
    var best = new TopK(k);
    for (int row = 0; row < count; row++) {
      float distance = all.getAtIndex(JAVA_FLOAT, row);
      if (distance <= best.bound()) {
        best.offer(distance, row);
      }
    }
    var keys = new double[best.size()];
    best.drain(foundRows, keys);
    for (int i = 0; i < keys.length; i++) {
      distances[i] = (float) keys[i]; // exact: it was one
    }
  }

  /** Distances and rows of {@code k} keys of the kernels, from {@code first} on. */
  final void readKeys(MemorySegment keys, int first, long[] foundRows, float[] distances) {
    for (int i = 0; i < k; i++) {
      long key = keys.getAtIndex(JAVA_LONG, (long) first + i);
      foundRows[i] = Integer.toUnsignedLong((int) key);
      distances[i] = Float.intBitsToFloat((int) (key >>> 32));
    }
  }

  @Override
  public final void close() {
    stream.close();
    pinned.forEach(PinnedMemory::close);
    taken.forEach(memory -> gpu.ledger().give(memory));
    if (rows != null) {
      rows.close();
    }
  }
}
