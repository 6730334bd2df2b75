package dev.kith.cuda.ladder;

import dev.kith.cuda.device.Gpus;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.ladder.QueuedSearch.Distances;
import dev.kith.cuda.ladder.QueuedSearch.Selection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rungs of a GPU, slow to fast. */
public final class GpuLadder {
  /** The largest k of a rung. */
  public static final int MOST_NEIGHBOURS = 1024;

  private static final String FILE = "ladder.cu";

  private static final GpuRung.Way PROVED =
      (rows, queries, k) -> new ProvedSearch(LadderKernels.get(), rows, queries, k);

  private GpuLadder() {}

  /** Why no rung can run here and what to do, in one line, or null if all can. */
  public static @Nullable String unavailable() {
    try {
      var _ = LadderKernels.get();
      return null;
    } catch (CudaUnavailableException e) {
      return e.reason();
    } catch (CudaException e) {
      return e.getMessage();
    }
  }

  /** What runs them, in one line: {@code NVIDIA H200 (compute 9.0, ...), driver 13.0, ...}. */
  public static String device() throws CudaUnavailableException {
    return LadderKernels.get().gpu().toString();
  }

  /** All of them, in their order. */
  public static List<GpuRung> rungs() {
    var rowLoop = List.of(LadderSource.rowLoop(), LadderSource.kernels(FILE, "operations"));
    return List.of(
        new GpuRung(
            "row-by-row",
            false,
            false,
            "A notebook's loop. For each row four kernels are launched, one an operation: subtract,"
                + " square, sum, root; then one number is copied to the host, which waits for it."
                + " A kernel's work here takes a few hundred nanoseconds; telling the device to"
                + " begin takes microseconds, and so does each copy. The device idles.",
            rowLoop,
            rows(false, false)),
        new GpuRung(
            "rows-on-host",
            false,
            false,
            "The same with rows that lie in the host's memory: each is copied to the device when"
                + " its turn comes. No step up, but what happens if data is not put where it is"
                + " used: one more copy a row, each too small for the link's speed.",
            rowLoop,
            rows(true, false)),
        new GpuRung(
            "pinned-results",
            false,
            false,
            "Rows on the device, and results in pinned memory, which the device writes to by"
                + " itself: the copies are queued like kernels, and the host waits once, at the"
                + " end. The round trip of every row is gone; four launches and a copy a row are"
                + " left.",
            rowLoop,
            rows(false, true)),
        new GpuRung(
            "vectorised",
            false,
            false,
            "The same four kernels, each launched once, for all rows. Now the device has work for"
                + " all its threads, and launching costs next to nothing. But every operation reads"
                + " its input from memory and writes its output there: each element crosses memory"
                + " five times where once would do. Then all distances go to the host, which"
                + " selects.",
            List.of(LadderSource.kernels(FILE, "operations")),
            queued(Distances.OPERATIONS, Selection.HOST)),
        new GpuRung(
            "device-sort",
            false,
            false,
            "The selection moves to the device: distance and row become one integer, all integers"
                + " are sorted there, and only the first come back. The copy of all distances and"
                + " the host's loop are gone. A sort does far more than is asked for: it puts all"
                + " rows in order, for the sake of ten.",
            List.of(LadderSource.kernels(FILE, "key", "sort")),
            queued(Distances.OPERATIONS, Selection.SORT)),
        new GpuRung(
            "fused-distance",
            false,
            false,
            "One kernel for the four: a warp takes a row, its gaps and squares stay in registers,"
                + " and only the distance is written. Each element is read once, as fast as memory"
                + " delivers: this part is at its floor, and the sort is what is left.",
            List.of(LadderSource.kernels(FILE, "distance", "fused")),
            queued(Distances.FUSED, Selection.SORT)),
        new GpuRung(
            "fused-selection",
            false,
            false,
            "Selection moves into the kernel too: each block keeps the k best of the rows that it"
                + " scores, in shared memory, and a second kernel merges what the blocks kept. No"
                + " distance is written, nothing is sorted that will not be returned. Two launches;"
                + " what is left is reading the rows, and the way to the device and back.",
            List.of(LadderSource.kernels(FILE, "distance", "key", "best", "selection")),
            queued(Distances.WITHIN, Selection.BLOCKS)),
        new GpuRung(
            "tiled",
            true,
            false,
            "Many queries at once. A block takes 64 queries and 64 rows and brings slices of both"
                + " to shared memory: what was read once is used 64 times, and registers hold 16"
                + " sums a thread. Memory is no longer the limit, arithmetic is.",
            List.of(LadderSource.kernels(FILE, "tile")),
            (rows, queries, k) ->
                new QueuedSearch(
                    LadderKernels.get(),
                    rows,
                    queries,
                    k,
                    (int) Math.min(GpuRung.BATCH, queries.size()),
                    Distances.TILES,
                    Selection.BLOCKS)),
        new GpuRung(
            "int8-shadow",
            false,
            true,
            "One query again, and a quarter of the bytes: the scan reads one byte an element and"
                + " excludes, by a proved bound, all rows that cannot be among the nearest; what is"
                + " left, some hundreds, is scored in float64. This is Kith's search, and the first"
                + " rung whose answer is proved. Its dozen launches are recorded once and started"
                + " as one.",
            List.of(LadderSource.kernels("scan.cu", "few")),
            PROVED),
        new GpuRung(
            "tensor-cores",
            true,
            true,
            "The same proof for many queries at once. Products of bytes run on tensor cores, which"
                + " do thousands an instruction; each tile of products is filtered in registers,"
                + " and hardly any is written. (The floor counts bytes alone: integer products have"
                + " no measured rate.)",
            List.of(tensorCores()),
            PROVED));
  }

  /** What runs on tensor cores here: Hopper has instructions of its own. */
  private static LadderSource tensorCores() {
    try {
      if (Gpus.get().hasWgmma()) {
        return LadderSource.kernels("scan_sm90a.cu", "wgmma");
      }
    } catch (CudaUnavailableException e) {
      // unavailable() says so: then what most devices would run
    }
    return LadderSource.kernels("scan.cu", "tile");
  }

  private static GpuRung.Way rows(boolean onHost, boolean pinnedResults) {
    return (rows, queries, k) ->
        new RowSearch(LadderKernels.get(), rows, queries, k, onHost, pinnedResults);
  }

  private static GpuRung.Way queued(Distances distances, Selection selection) {
    return (rows, queries, k) ->
        new QueuedSearch(LadderKernels.get(), rows, queries, k, 1, distances, selection);
  }
}
