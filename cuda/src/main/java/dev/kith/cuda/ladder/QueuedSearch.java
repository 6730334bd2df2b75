package dev.kith.cuda.ladder;

import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.PinnedMemory;
import dev.kith.cuda.ladder.LadderKernels.Launch;
import java.util.ArrayList;
import java.util.List;

/** All launches are queued, one result comes back, and the host waits once. */
final class QueuedSearch extends FloatSearch {
  /** How distances come about. */
  enum Distances {
    /** A kernel an operation, its results in memory. */
    OPERATIONS,
    /** One kernel. */
    FUSED,
    /** One kernel for many queries. */
    TILES,
    /** Within the selection. */
    WITHIN
  }

  /** How the k best are found. */
  enum Selection {
    /** The host takes all distances. */
    HOST,
    /** The device sorts all. */
    SORT,
    /** Blocks keep the k best of what they see; those are merged. */
    BLOCKS
  }

  private static final int THREADS = 256;

  /** Elements of gaps that are in memory at once: 1 GiB. */
  private static final long GAPS = 1L << 28;

  /** As in {@code ladder.cu}. */
  private static final int SORT_BLOCK = 2048;

  private static final int TILE = 64;

  /** Rows whose distances to all queries are in memory at once. */
  private static final int TILE_ROWS = 8192;

  /** Keys that a list has room for, if 2 k are not more. */
  private static final int LIST = 256;

  private static final int TILE_LIST = 1024;

  private static final int BLOCKS_A_MULTIPROCESSOR = 4;

  private final Distances distances;
  private final Selection selection;
  private final long rowsAt;
  private final PinnedMemory result;

  /** By how many queries they are for; only the last of several batches differs. */
  private List<Launch> launches = List.of();

  private int launchesFor;
  private long resultAt;
  private long resultBytesAQuery;
  private long distancesAt;
  private long keysAt;
  private int padded;
  private int lists;

  /**
   * Loads the rows.
   *
   * @param most queries at once; more than one for {@link Distances#TILES} alone
   */
  QueuedSearch(
      LadderKernels kernels,
      VectorSource source,
      VectorSource queries,
      int k,
      int most,
      Distances distances,
      Selection selection) {
    super(kernels, source, queries, k, most);
    try {
      this.distances = distances;
      this.selection = selection;
      this.rowsAt = loadRows();
      reserve();
      this.result = pinned(most * resultBytesAQuery);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void reserve() {
    switch (distances) {
      case OPERATIONS, FUSED -> distancesAt = take((long) n * Float.BYTES, "distances");
      case TILES -> distancesAt = take((long) most * TILE_ROWS * Float.BYTES, "distances");
      case WITHIN -> {}
    }
    switch (selection) {
      case HOST -> {
        resultAt = distancesAt;
        resultBytesAQuery = (long) n * Float.BYTES;
      }
      case SORT -> {
        padded = Math.max(SORT_BLOCK, Integer.highestOneBit(Math.max(n - 1, 1)) * 2);
        keysAt = take((long) padded * Long.BYTES, "keys");
        resultAt = keysAt;
        resultBytesAQuery = (long) k * Long.BYTES;
      }
      case BLOCKS -> {
        lists =
            distances == Distances.TILES
                ? (n + TILE_ROWS - 1) / TILE_ROWS
                : gpu.device().multiprocessors() * BLOCKS_A_MULTIPROCESSOR;
        keysAt = take((long) most * lists * k * Long.BYTES, "keys");
        resultBytesAQuery = (long) k * Long.BYTES;
        resultAt = take(most * resultBytesAQuery, "the best keys");
      }
    }
  }

  @Override
  void run(int count, Meter meter) {
    if (count != launchesFor) {
      launches = program(count);
      launchesFor = count;
    }
    upload(count, meter);
    meter.kernels(launches.size(), () -> launches.forEach(launch -> launch.on(stream)));
    meter.copies(() -> stream.copyToHost(result.segment(), resultAt, count * resultBytesAQuery));
    stream.synchronize();
  }

  private List<Launch> program(int count) {
    var program = new ArrayList<Launch>();
    switch (distances) {
      case OPERATIONS -> addOperations(program);
      case FUSED ->
          program.add(
              kernels.launch(
                  "kith_ladder_distances",
                  n * 32L,
                  1,
                  THREADS,
                  0,
                  new Arguments()
                      .addPointer(rowsAt)
                      .addPointer(queriesAt())
                      .addPointer(distancesAt)
                      .addInt(n)
                      .addInt(d)));
      case TILES -> addTiles(program, count);
      case WITHIN ->
          program.add(
              kernels.launch(
                  "kith_ladder_select",
                  (long) lists * THREADS,
                  1,
                  THREADS,
                  sharedBytes(LIST),
                  new Arguments()
                      .addPointer(rowsAt)
                      .addPointer(queriesAt())
                      .addPointer(keysAt)
                      .addInt(n)
                      .addInt(d)
                      .addInt(k)
                      .addInt(capacity(LIST))));
    }
    switch (selection) {
      case HOST -> {}
      case SORT -> addSort(program);
      case BLOCKS ->
          program.add(
              kernels.launch(
                  "kith_ladder_merge",
                  (long) lists * k * 32,
                  count,
                  THREADS,
                  0,
                  new Arguments()
                      .addPointer(keysAt)
                      .addPointer(resultAt)
                      .addInt(lists * k)
                      .addInt(k)));
    }
    return program;
  }

  /** As many rows at once as their gaps fit; nearly always all. */
  private void addOperations(List<Launch> program) {
    int step = Math.clamp(GAPS / d, 1, n);
    long gapsAt = take((long) step * d * Float.BYTES, "gaps");
    for (int first = 0; first < n; first += step) {
      int rows = Math.min(step, n - first);
      int elements = rows * d;
      long sumsAt = distancesAt + (long) first * Float.BYTES;
      program.add(
          kernels.launch(
              "kith_ladder_subtract",
              elements,
              1,
              THREADS,
              0,
              new Arguments()
                  .addPointer(rowsAt + (long) first * d * Float.BYTES)
                  .addPointer(queriesAt())
                  .addPointer(gapsAt)
                  .addInt(rows)
                  .addInt(d)));
      program.add(
          kernels.launch(
              "kith_ladder_square",
              elements,
              1,
              THREADS,
              0,
              new Arguments().addPointer(gapsAt).addInt(elements)));
      program.add(
          kernels.launch(
              "kith_ladder_sum",
              rows * 32L,
              1,
              THREADS,
              0,
              new Arguments().addPointer(gapsAt).addPointer(sumsAt).addInt(rows).addInt(d)));
      program.add(
          kernels.launch(
              "kith_ladder_root",
              rows,
              1,
              THREADS,
              0,
              new Arguments().addPointer(sumsAt).addInt(rows)));
    }
  }

  private void addSort(List<Launch> program) {
    program.add(
        kernels.launch(
            "kith_ladder_keys",
            padded,
            1,
            THREADS,
            0,
            new Arguments().addPointer(distancesAt).addPointer(keysAt).addInt(n).addInt(padded)));
    var keys = new Arguments().addPointer(keysAt);
    program.add(kernels.launch("kith_ladder_sort_blocks", padded / 2, 1, SORT_BLOCK / 2, 0, keys));
    for (int size = 2 * SORT_BLOCK; size <= padded; size *= 2) {
      for (int stride = size / 2; stride >= SORT_BLOCK; stride /= 2) {
        program.add(
            kernels.launch(
                "kith_ladder_sort_step",
                padded / 2,
                1,
                THREADS,
                0,
                new Arguments().addPointer(keysAt).addInt(size).addInt(stride)));
      }
      program.add(
          kernels.launch(
              "kith_ladder_sort_rest",
              padded / 2,
              1,
              SORT_BLOCK / 2,
              0,
              new Arguments().addPointer(keysAt).addInt(size)));
    }
  }

  private void addTiles(List<Launch> program, int count) {
    for (int slot = 0; slot < lists; slot++) {
      int from = slot * TILE_ROWS;
      int to = Math.min(n, from + TILE_ROWS);
      program.add(
          kernels.launch(
              "kith_ladder_tile",
              (to - from + TILE - 1L) / TILE * THREADS,
              (count + TILE - 1) / TILE,
              THREADS,
              0,
              new Arguments()
                  .addPointer(rowsAt)
                  .addPointer(queriesAt())
                  .addPointer(distancesAt)
                  .addInt(from)
                  .addInt(to)
                  .addInt(count)
                  .addInt(d)
                  .addInt(TILE_ROWS)));
      program.add(
          kernels.launch(
              "kith_ladder_select_tile",
              (long) count * THREADS,
              1,
              THREADS,
              sharedBytes(TILE_LIST),
              new Arguments()
                  .addPointer(distancesAt)
                  .addPointer(keysAt)
                  .addInt(from)
                  .addInt(to)
                  .addInt(TILE_ROWS)
                  .addInt(slot)
                  .addInt(lists)
                  .addInt(k)
                  .addInt(capacity(TILE_LIST))));
    }
  }

  private int capacity(int least) {
    return Math.max(least, 2 * k);
  }

  private int sharedBytes(int least) {
    return (capacity(least) + k) * Long.BYTES;
  }

  @Override
  void collect(int q, long[] foundRows, float[] found) {
    if (selection == Selection.HOST) {
      selectOnHost(result.segment(), n, foundRows, found);
    } else {
      readKeys(result.segment(), q * k, foundRows, found);
    }
  }
}
