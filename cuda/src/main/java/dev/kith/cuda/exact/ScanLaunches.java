package dev.kith.cuda.exact;

import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.driver.TensorMap;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.store.DeviceCodes;

/**
 * Launches of a scan: queries are coded, chunks of the codes scanned, lists brought to what counts.
 * Which loop suits a chunk is decided here.
 */
final class ScanLaunches extends Launches {
  /** Loops over the codes, for every device. */
  static final KernelSet SCAN =
      KernelSet.withStructs(
          "scan",
          "kith_scan_1",
          "kith_scan_2",
          "kith_scan_4",
          "kith_scan_filtered_1",
          "kith_scan_filtered_2",
          "kith_scan_filtered_4",
          "kith_scan_tile_16",
          "kith_scan_tile_32",
          "kith_scan_tile_64",
          "kith_scan_tile_128",
          "kith_scan_tile_256");

  /** The loop by Hopper's warpgroup products. */
  static final KernelSet WGMMA = KernelSet.withStructs("scan_sm90a", "kith_scan_wgmma");

  /** What brings lists to what counts. */
  static final KernelSet TIGHTEN =
      KernelSet.withStructs("tighten", "kith_tighten", "kith_tighten_few");

  private static final int THREADS = 256;
  private static final int SCAN_THREADS = 512;
  private static final int SCAN_ROWS = SCAN_THREADS / 32 * 16;
  private static final int TIGHTEN_FEW_THREADS = 1024;

  /** Queries of a tile, at most, of a chunk too short for a large tile a multiprocessor. */
  private static final int SMALL_TILE = 16;

  // As in scan_sm90a.cu.
  private static final int WGMMA_ROWS = 128;
  private static final int WGMMA_QUERIES = 128;
  private static final int WGMMA_SLICE = 128;
  private static final int WGMMA_STAGES = 5;
  private static final int WGMMA_THREADS = 3 * 128;
  private static final int WGMMA_BARRIERS = 1024 + 128;
  static final int WGMMA_BYTES =
      (WGMMA_ROWS + WGMMA_QUERIES) * WGMMA_SLICE * WGMMA_STAGES + WGMMA_BARRIERS;

  ScanLaunches(Gpu gpu, Workspace memory, Launcher launcher) {
    super(gpu, memory, launcher);
  }

  /**
   * Codes queries; their lists begin with {@code rows} rows that the first chunk will put there.
   */
  void encode(Group group, int rows) {
    var where = group.where();
    launcher.launch(
        gpu.kernel(DeviceCodes.KERNELS, "kith_encode_queries"),
        group.padded(),
        THREADS,
        0,
        new Arguments()
            .addPointer(memory.queriesAddress(where, group.padded()))
            .addPointer(group.limited() ? memory.limitsAddress(where, group.padded()) : 0)
            .addPointer(at(where.given))
            .addInt(where.dimension)
            .addPointer(group.codes().centreAddress())
            .addBytes(memory.bound.segment())
            .addPointer(at(where.high))
            .addPointer(group.few() ? at(where.low) : 0)
            .addInt(where.stride)
            .addPointer(at(where.filters))
            .addPointer(at(where.terms))
            .addBytes(memory.lists.segment())
            .addInt(rows)
            .addPointer(at(where.done))
            .addPointer(at(where.outcomes)));
  }

  /** Scans positions {@code from} to {@code to - 1}. */
  void scan(Group group, int from, int to) {
    if (group.few()) {
      scanFew(group, from, to);
      return;
    }
    int queries = group.padded();
    long large = Math.ceilDiv((long) to - from, WGMMA_ROWS) * Math.ceilDiv(queries, WGMMA_QUERIES);
    boolean isShort = large < gpu.device().multiprocessors();
    if (group.wgmma() && !isShort) {
      scanByWgmma(group, from, to);
    } else {
      // A short chunk is shared out in smaller tiles.
      int wanted = isShort ? Math.min(queries, SMALL_TILE) : queries;
      scanTiles(group, from, to, Tile.of(wanted, gpu.device().sharedBytesPerBlockOptin()));
    }
  }

  /** Whether the next search may find the codes in the L2 cache, with room for the rest. */
  private boolean isCached(DeviceCodes codes) {
    return (long) codes.size() * codes.stride() <= gpu.device().l2Bytes() / 4L * 3;
  }

  private void scanFew(Group group, int from, int to) {
    var where = group.where();
    int shared = Sizes.fewBytes(group.padded(), where.stride);
    var kernel =
        kernel((group.filtered() ? "kith_scan_filtered_" : "kith_scan_") + group.padded(), shared);
    int most =
        gpu.device().multiprocessors() * Math.max(1, kernel.maxActiveBlocks(SCAN_THREADS, shared));
    long blocks = Math.ceilDiv((long) to - from, SCAN_ROWS);
    if (blocks > most) { // the same number of rounds for each
      blocks = Math.ceilDiv(blocks, Math.ceilDiv(blocks, most));
    }
    launcher.launch(
        kernel,
        blocks,
        SCAN_THREADS,
        shared,
        new Arguments()
            .addBytes(memory.shadow.segment())
            .addInt(from)
            .addInt(to)
            .addPointer(at(where.high))
            .addPointer(at(where.low))
            .addBytes(memory.bound.segment())
            .addPointer(at(where.terms))
            .addPointer(at(where.filters))
            .addBytes(memory.lists.segment())
            .addInt(isCached(group.codes()) ? 1 : 0));
  }

  private Kernel kernel(String name, int sharedBytes) {
    return gpu.kernel(SCAN, name).withSharedMemory(sharedBytes);
  }

  private void scanTiles(Group group, int from, int to, Tile tile) {
    var where = group.where();
    int shared = tile.sharedBytes();
    long blocks =
        Math.ceilDiv((long) to - from, tile.rows()) * Math.ceilDiv(group.padded(), tile.queries());
    launcher.launch(
        kernel(tile.kernel(), shared),
        blocks,
        THREADS,
        shared,
        new Arguments()
            .addBytes(memory.shadow.segment())
            .addInt(from)
            .addInt(to)
            .addPointer(at(where.high))
            .addInt(group.padded())
            .addPointer(at(where.filters))
            .addBytes(memory.lists.segment()));
  }

  private void scanByWgmma(Group group, int from, int to) {
    var where = group.where();
    int queries = group.padded();
    var rowMap = map(group.codes().codesAddress(), group.codes().size(), where.stride, WGMMA_ROWS);
    var queryMap = map(at(where.high), queries, where.stride, WGMMA_QUERIES);
    long tiles = Math.ceilDiv((long) to - from, WGMMA_ROWS) * Math.ceilDiv(queries, WGMMA_QUERIES);
    launcher.launch(
        gpu.kernel(WGMMA, "kith_scan_wgmma").withSharedMemory(WGMMA_BYTES),
        Math.min(tiles, gpu.device().multiprocessors()),
        WGMMA_THREADS,
        WGMMA_BYTES,
        new Arguments()
            .addBytes(rowMap.segment())
            .addBytes(queryMap.segment())
            .addBytes(memory.shadow.segment())
            .addInt(from)
            .addInt(to)
            .addInt(queries)
            .addPointer(at(where.filters))
            .addBytes(memory.lists.segment()));
  }

  private TensorMap map(long address, int vectors, int stride, int atOnce) {
    return TensorMap.ofBytes(
        gpu.context(),
        address,
        vectors,
        stride,
        stride,
        atOnce,
        WGMMA_SLICE,
        TensorMap.Swizzle.BYTES_128);
  }

  /** Brings lists to what is not excluded, and thresholds to that. */
  void tighten(Group group) {
    var where = group.where();
    launcher.launch(
        gpu.kernel(TIGHTEN, group.few() ? "kith_tighten_few" : "kith_tighten"),
        group.padded(),
        group.few() ? TIGHTEN_FEW_THREADS : THREADS,
        0,
        new Arguments()
            .addBytes(memory.shadow.segment())
            .addBytes(memory.lists.segment())
            .addBytes(memory.bound.segment())
            .addPointer(at(where.terms))
            .addPointer(at(where.filters))
            .addInt(where.k));
  }
}
