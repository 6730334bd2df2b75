package dev.kith.cuda.exact;

import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.kernels.KernelEnums;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.store.DeviceCodes;

/** Launches that compute canonical keys, and those that fill lists without a scan. */
final class RescoreLaunches extends Launches {
  /** Canonical keys, and lists of rows to compute them of. */
  static final KernelSet KERNELS =
      KernelSet.withStructs(
          "rescore", "kith_rescore", "kith_fill", "kith_restart", "kith_scatter_bits");

  private static final int THREADS = 256;

  /** Blocks that are enough to keep the device busy with canonical keys. */
  private static final int BLOCKS = 1024;

  /** Most of them for a query, of what a scan left; */
  private static final int FEW_BLOCKS = 16;

  /** and of many rows. */
  private static final int MANY_BLOCKS = 128;

  private static final int FILL_BLOCKS = 64;

  /** Keys, at most, that are ranked without a selection before; as in rescore.cu. */
  private static final int RANKED = 320;

  /** Bytes of a key and its row. */
  private static final int PICKED_BYTES = 12;

  /** Bytes that a thread loads at once, at most. */
  private static final int WORD = 16;

  /**
   * Bytes of shared memory of a block, at most, that every launch may ask for beside what the
   * kernel declares: 48 KiB in all.
   */
  private static final int UNASKED_BYTES = 32 << 10;

  RescoreLaunches(Gpu gpu, Workspace memory, Launcher launcher) {
    super(gpu, memory, launcher);
  }

  /**
   * Bytes of shared memory that a block needs to rank {@code k} keys: whole words of 16 bytes, as
   * the kernel may read a number together with the one behind it.
   */
  static int sharedBytes(int k) {
    return Math.ceilDiv(PICKED_BYTES * Math.max(k, RANKED), WORD) * WORD;
  }

  private Kernel kernel(int sharedBytes) {
    var kernel = gpu.kernel(KERNELS, "kith_rescore");
    return sharedBytes > UNASKED_BYTES ? kernel.withSharedMemory(sharedBytes) : kernel;
  }

  /** Canonical keys of the positions that the lists hold, and the best of them. */
  void positions(Group group) {
    rescore(group, 0, group.count(), false);
  }

  /**
   * Canonical keys of the rows that the lists hold; the best stay there.
   *
   * @param slotted whether the queries are those whose numbers were uploaded, or all
   * @param queries how many they are
   */
  void rows(Group group, boolean slotted, int queries) {
    rescore(group, slotted ? at(group.where().slots) : 0, queries, true);
  }

  private void rescore(Group group, long slots, int queries, boolean keep) {
    var where = group.where();
    var rows = group.codes().rows();
    int shared = sharedBytes(where.k);
    launcher.launch(
        kernel(shared),
        Math.clamp(BLOCKS / queries, 1, keep ? MANY_BLOCKS : FEW_BLOCKS),
        queries,
        THREADS,
        shared,
        new Arguments()
            .addPointer(rows.address())
            .addInt(group.codes().size())
            .addInt(keep ? 0 : group.codes().scatter())
            .addInt(where.dimension)
            .addInt(KernelEnums.of(rows.elementType()))
            .addInt(KernelEnums.of(group.codes().metric()))
            .addPointer(at(where.given))
            .addBytes(memory.lists.segment())
            .addPointer(slots)
            .addPointer(at(where.done))
            .addPointer(at(where.tickets))
            .addInt(where.k)
            .addInt(keep ? 1 : 0)
            .addPointer(memory.resultAddress(where, where.found(group.count())))
            .addPointer(memory.resultAddress(where, where.keys(group.count())))
            .addPointer(at(where.outcomes))
            .addPointer(memory.resultAddress(where, where.reports)));
  }

  /** Empties the lists of queries. */
  void restart(Group group, boolean slotted, int queries) {
    var where = group.where();
    launcher.launch(
        gpu.kernel(KERNELS, "kith_restart"),
        Math.ceilDiv(queries, THREADS),
        THREADS,
        0,
        new Arguments()
            .addBytes(memory.lists.segment())
            .addPointer(slotted ? at(where.slots) : 0)
            .addInt(queries)
            .addPointer(at(where.done))
            .addPointer(at(where.outcomes)));
  }

  /** Adds rows {@code from} to {@code to - 1} that the filter lets through to lists of queries. */
  void fill(Group group, int from, int to, boolean slotted, int queries) {
    var where = group.where();
    launcher.launch(
        gpu.kernel(KERNELS, "kith_fill"),
        Math.clamp(Math.ceilDiv((long) to - from, THREADS), 1, FILL_BLOCKS),
        queries,
        THREADS,
        0,
        new Arguments()
            .addInt(from)
            .addInt(to)
            .addPointer(group.filtered() ? at(where.allowed) : 0)
            .addBytes(memory.lists.segment())
            .addPointer(slotted ? at(where.slots) : 0));
  }

  /** Makes bits by positions of the codes of the filter's bits by rows. */
  void scatterBits(DeviceCodes codes, Layout where) {
    int n = codes.size();
    launcher.launch(
        gpu.kernel(KERNELS, "kith_scatter_bits"),
        Math.ceilDiv((long) n, THREADS),
        THREADS,
        0,
        new Arguments()
            .addPointer(at(where.allowed))
            .addInt(n)
            .addInt(codes.scatter())
            .addPointer(at(where.positions)));
  }
}
