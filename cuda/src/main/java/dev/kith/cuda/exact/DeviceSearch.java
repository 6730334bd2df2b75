package dev.kith.cuda.exact;

import dev.kith.core.search.Neighbors;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.store.DeviceCodes;

/**
 * Searches of rows on the device, one group of queries at a time, on a stream and in memory of its
 * own. For one thread at a time.
 *
 * <p><b>Implementation notes.</b> A group goes through these steps:
 *
 * <ol>
 *   <li>queries are coded ({@link ScanLaunches#encode});
 *   <li>the codes of the rows are scanned in growing chunks ({@link Plan}); what the threshold of a
 *       query keeps joins its list, and after each chunk the list is brought to what its k-th
 *       smallest upper bound does not exclude, which lowers the threshold for the next;
 *   <li>canonical keys of what is left decide ({@link RescoreLaunches#positions}).
 * </ol>
 *
 * <p>Under a {@link dev.kith.core.search.Limit} a query has a threshold before the first row is
 * seen, and the first chunk is spared. What other searches found may exclude little here: if a list
 * overflows, the group is searched again without limits.
 *
 * <p>A query whose list overflows, because its bounds are loose, gives up: canonical keys of all
 * rows are computed for it. Few rows, or few that a filter lets through, are searched so at once.
 *
 * <p>Why lists and chunks, where the textbook keeps a heap for each thread or writes a matrix of
 * distances: the loop over codes stays a plain product with one comparison a pair; the same kernels
 * serve every k and every filter; the host waits once. The first chunk is a fair sample because
 * positions scatter the rows, and each later one is as long as lists have room for what is expected
 * of it, so that five to ten launches cover any number of rows.
 *
 * <p>What it costs: a search of few queries is mostly launches of some 5 us each, so they are
 * recorded once a shape ({@link Graphs}) and, where a device can, brought up while the one before
 * still runs; the last kernel writes results to the host's memory. Memory is laid out for a number
 * of queries that is often more than there are, so that batches of changing size keep their graphs.
 * The proof is in docs/exactness.md, "On a GPU"; what else was tried, in docs/decisions/0019 [1].
 *
 * <p>[1] Johnson, Douze, Jegou: "Billion-scale similarity search with GPUs", arXiv:1702.08734,
 * selects in registers instead, for k up to 1,024.
 */
final class DeviceSearch implements AutoCloseable {
  /** Launches of a pass over all rows between two looks at the deadline. */
  private static final int PATIENCE = 16;

  /** The first CUDA whose graphs keep that a kernel may be brought up early. */
  private static final int OVERLAP_IN_GRAPHS = 12_030;

  /** Passes over rows begin at multiples of this, where filters can be cut. */
  private static final int STEP = 64;

  private final Gpu gpu;
  private final Workspace memory;
  private final Stream stream;
  private final Graphs graphs;
  private final Launcher launcher;
  private final ScanLaunches scanning;
  private final RescoreLaunches rescoring;

  /** Takes no memory yet. */
  DeviceSearch(Gpu gpu) {
    this.gpu = gpu;
    this.memory = new Workspace(gpu);
    this.stream = memory.stream;
    this.graphs = new Graphs(stream);
    this.launcher = new Launcher(stream);
    this.scanning = new ScanLaunches(gpu, memory, launcher);
    this.rescoring = new RescoreLaunches(gpu, memory, launcher);
  }

  /** Answers a group of queries, from {@code answers[firstAnswer]} on. */
  void search(
      DeviceCodes codes, Request request, Neighbors[] answers, int firstAnswer, Tally tally) {
    boolean done = request.isLimited() && answered(codes, request, answers, firstAnswer, tally);
    if (!done) {
      answered(codes, request.under(null), answers, firstAnswer, tally);
    }
  }

  /** Answers a group, or tells that limits excluded too little for its lists. */
  private boolean answered(
      DeviceCodes codes, Request request, Neighbors[] answers, int firstAnswer, Tally tally) {
    launcher.overlap(false); // also where a search failed half-way
    var group = prepare(codes, request, tally);
    int count = group.count();
    if (Sizes.isDirect(group.where(), group.filtered(), request.allowed(), count)) {
      tally.skipsTheScan();
      scanning.encode(group, 0);
      everyRow(group, request, false, count, tally);
    } else {
      scan(group, request, tally);
    }
    finish(group, tally);
    var outcomes = new Outcomes(memory.host(), group.where(), count);
    outcomes.requireFinite(request.queries());
    var loose = outcomes.loose();
    if (group.limited() && outcomes.isFull()) {
      tally.again += count;
      return false;
    }
    if (loose.length > 0) {
      tally.fallbacks += loose.length;
      tally.clock.begins(stream);
      memory.uploadSlots(loose, group.where());
      tally.clock.copied(stream);
      everyRow(group, request, true, loose.length, tally);
      finish(group, tally);
    }
    outcomes.requireWhole();
    tally.candidates += outcomes.candidates();
    var metric = codes.metric();
    Hosts.forEach(count, q -> answers[firstAnswer + q] = outcomes.answer(metric, q));
    return true;
  }

  /** Makes room, and brings queries and filter there. */
  private Group prepare(DeviceCodes codes, Request request, Tally tally) {
    int count = request.count();
    int padded = count == 3 ? 4 : count;
    int d = codes.rows().dimension();
    int k = request.k();
    int some = Math.min(Sizes.SOME, Sizes.most(k, d, SearchPool.listBytes(gpu)));
    var where =
        memory.reserve(
            new Layout(
                count <= Sizes.FEW ? Sizes.FEW : Math.max(count, some),
                d,
                codes.stride(),
                k,
                Sizes.capacity(k, padded),
                codes.size()),
            graphs::clear);
    tally.clock.begins(stream);
    memory.upload(request, where, padded);
    var filter = request.filter();
    if (filter != null && memory.upload(filter, where)) {
      rescoring.scatterBits(codes, where);
      memory.hasBits(filter);
    }
    tally.clock.copied(stream);
    memory.describe(codes, where, filter != null);
    boolean few = Sizes.isFew(padded, where.stride, gpu.device().sharedBytesPerBlockOptin());
    boolean wgmma = request.wgmma() && gpu.hasWgmma();
    boolean limited = request.limit() != null;
    return new Group(codes, where, count, padded, few, wgmma, filter != null, limited);
  }

  private void scan(Group group, Request request, Tally tally) {
    tally.scans();
    var where = group.where();
    int n = group.codes().size();
    var plan =
        new Plan(
            n,
            request.allowed(),
            group.padded(),
            where.k,
            where.capacity,
            group.few(),
            group.limited());
    long filtered = group.filtered() ? request.allowed() : -1;
    var graph =
        group.padded() <= Sizes.SOME
            ? graphs.of(
                new Graphs.Key(
                    group.codes(),
                    group.count(),
                    where.k,
                    filtered,
                    group.limited(),
                    group.wgmma()),
                () -> scanAndRescore(group, plan))
            : null;
    if (graph == null) {
      scanAndRescore(group, plan);
    } else {
      stream.launch(graph);
    }
    // The chunks of a plan cover every position once, so each row that is let through.
    tally.rowsRead += request.allowed() * group.count();
  }

  private void scanAndRescore(Group group, Plan plan) {
    boolean keepsAll = !group.filtered() && !group.limited(); // of the first chunk
    scanning.encode(group, keepsAll ? plan.to(0) : 0);
    launcher.overlap(
        group.few()
            && gpu.device().major() >= 9
            && gpu.device().driverVersion() >= OVERLAP_IN_GRAPHS);
    for (int chunk = 0; chunk < plan.chunks(); chunk++) {
      memory.keepAll(keepsAll && chunk == 0);
      scanning.scan(group, plan.from(chunk), plan.to(chunk));
      scanning.tighten(group);
    }
    memory.keepAll(false);
    rescoring.positions(group);
    launcher.overlap(false);
  }

  /**
   * Canonical keys of all rows that the filter lets through.
   *
   * @param slotted whether for those queries whose numbers were uploaded, or for all
   * @param queries how many they are
   */
  private void everyRow(Group group, Request request, boolean slotted, int queries, Tally tally) {
    var filter = request.filter();
    int n = group.codes().size();
    rescoring.restart(group, slotted, queries);
    int room = group.where().capacity - group.where().k;
    long step = request.allowed() <= room ? n : room / STEP * STEP;
    int passes = 0;
    for (long start = 0; start < n; start += step) {
      int from = (int) start;
      int to = (int) Math.min(n, start + step);
      long some =
          filter == null
              ? (long) to - from
              : step >= n ? request.allowed() : filter.slice(from, (long) to - from).count();
      if (some == 0) {
        continue;
      }
      passes++;
      if (passes % PATIENCE == 0) {
        stream.synchronize();
        request.stop().check();
      }
      rescoring.fill(group, from, to, slotted, queries);
      rescoring.rows(group, slotted, queries);
      tally.rowsRead += some * queries;
    }
  }

  /** Results in one copy, or none where kernels write them to the host; waits for all. */
  private void finish(Group group, Tally tally) {
    var where = group.where();
    tally.clock.computed(stream);
    if (Workspace.isCopied(where)) {
      stream.copyToHost(
          memory.host().asSlice(where.givenBytes()),
          memory.address(0),
          where.resultBytes(group.count()));
    }
    tally.clock.ends(stream);
    stream.synchronize();
    tally.clock.done();
  }

  @Override
  public void close() {
    graphs.clear();
    memory.close();
  }
}
