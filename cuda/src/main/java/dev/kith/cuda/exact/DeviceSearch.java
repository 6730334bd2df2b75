package dev.kith.cuda.exact;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.StopSignal;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.driver.Graph;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.driver.PinnedMemory;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.driver.TensorMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Searches of resident rows, one at a time, on a stream of its own, in memory that it keeps from
 * one to the next. For groups of queries:
 *
 * <ol>
 *   <li>queries are coded;
 *   <li>the shadow is scanned in growing chunks; what the threshold of a query keeps joins its
 *       list, and after each chunk the list is brought to what its k-th smallest upper bound does
 *       not exclude, which lowers the threshold for the next;
 *   <li>canonical keys of what is left decide.
 * </ol>
 *
 * <p>A query whose list overflows, because its bounds are loose, gives up: canonical keys of all
 * rows are computed for it. Few rows, or few that a filter lets through, are searched so at once.
 */
final class DeviceSearch implements AutoCloseable {
  /** The largest k that the kernels select. */
  static final int MOST_K = 2048;

  /** So many queries are scanned with two codes an element, as fast as memory delivers. */
  static final int FEW = 4;

  /** So many rows are not worth a scan. */
  private static final int DIRECT = 64;

  /** Nor are so many that a filter lets through, if lists have room for all of them at once; */
  private static final int DIRECT_FILTERED = 4096;

  /** nor so many of them over all queries. */
  private static final int DIRECT_KEYS = 1 << 15;

  private static final int CAPACITY = 4096;
  private static final int FEW_CAPACITY = 1 << 16;

  /**
   * Up to so many queries launches take as long as what they launch: they are kept as graphs, and
   * memory is laid out for so many, whatever their number, where it suffices.
   */
  private static final int SOME = 32;

  private static final int MOST_QUERIES = 1 << 14;

  /** Launches of a pass over all rows between two looks at the deadline. */
  private static final int PATIENCE = 16;

  /** From so many queries on, threads share out what the host does for each. */
  private static final int MANY = 512;

  /** Graphs that are kept. */
  private static final int GRAPHS = 32;

  /** Shapes of searches that are remembered: of those that come again there will be a graph. */
  private static final int SEEN = 4 * GRAPHS;

  /** What the kernels for few queries declare of shared memory themselves, and to spare. */
  private static final int FEW_DECLARED = 1 << 10;

  /** The first CUDA whose graphs keep that a kernel may be brought up early. */
  private static final int OVERLAP_IN_GRAPHS = 12_030;

  private static final int SCAN_THREADS = 512;
  private static final int SCAN_ROWS = SCAN_THREADS / 32 * 16;
  private static final int THREADS = 256;
  private static final int TIGHTEN_FEW_THREADS = 1024;

  /** Blocks that are enough to keep the device busy with canonical keys. */
  private static final int RESCORE_BLOCKS = 1024;

  /** Most of them for a query: of what a scan left, and of many rows. */
  private static final int RESCORE_FEW_BLOCKS = 16;

  private static final int RESCORE_MANY_BLOCKS = 128;

  private static final int WGMMA_ROWS = 128;
  private static final int WGMMA_QUERIES = 128;

  private static final int WGMMA_BYTES = (WGMMA_ROWS + WGMMA_QUERIES) * 128 * 5 + 1024 + 128;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private static final int BROKEN_ROW = 2;
  private static final int BROKEN_QUERY = 3;

  /** A row of the answer is not finite. */
  static final class BrokenRowException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** What is counted for a report. */
  static final class Tally {
    long candidates;
    long fallbacks;
    boolean scanned;
    boolean direct;
    final SearchClock clock;

    Tally(SearchClock clock) {
      this.clock = clock;
    }
  }

  /**
   * By identity of the rows: what was recorded of those that are gone is never asked for. One
   * serves all filters that let as many rows through; -1 if there is none.
   */
  private record GraphKey(Resident resident, int count, int k, long filtered) {}

  private final Gpu gpu;
  private final Stream stream;
  private final MemorySegment shadow = Arena.ofAuto().allocate(48, 8);
  private final MemorySegment bound = Arena.ofAuto().allocate(24, 8);
  private final MemorySegment lists = Arena.ofAuto().allocate(56, 8);
  private final LinkedHashMap<GraphKey, Graph> graphs = new LinkedHashMap<>(16, 0.75f, true);
  private final LinkedHashSet<GraphKey> seen = new LinkedHashSet<>();
  private @Nullable DeviceMemory memory;
  private @Nullable PinnedMemory pinned;
  private @Nullable Layout layout;
  private @Nullable RowFilter uploaded;
  private boolean wgmma;

  /** Queries of the running search. */
  private int answered;

  /** Whether kernels of the running search may be brought up while the one before still runs. */
  private boolean overlaps;

  DeviceSearch(Gpu gpu) {
    this.gpu = gpu;
    this.stream = gpu.context().stream();
  }

  /** Queries that are answered together, with so many bytes of device memory for them. */
  static int groupSize(int k, int d, long queries, long bytes) {
    int most = most(k, d, bytes);
    long groups = (queries + most - 1) / most;
    return Math.toIntExact((queries + groups - 1) / Math.max(groups, 1));
  }

  /** Queries whose lists so many bytes hold, at least 1. */
  private static int most(int k, int d, long bytes) {
    return Math.clamp(
        bytes / (Layout.listBytes(capacity(k, Integer.MAX_VALUE)) + 4L * d), 1, MOST_QUERIES);
  }

  /** Rows that the list of each of {@code count} queries holds. */
  static int capacity(int k, int count) {
    return count <= FEW
        ? Math.max(FEW_CAPACITY, 32 * k)
        : Math.max(CAPACITY, Integer.highestOneBit(32 * k - 1) * 2);
  }

  /**
   * Answers a group of queries.
   *
   * @param k at least 1, at most {@link #MOST_K} and {@code allowed}
   * @param allowed rows that the filter lets through
   * @param stop asked while a pass over all rows goes on; a scan is over before it could be
   */
  void search(
      Resident resident,
      VectorSource queries,
      int k,
      @Nullable RowFilter filter,
      long allowed,
      Neighbors[] answers,
      int firstAnswer,
      Tally tally,
      Tuning tuning,
      StopSignal stop) {
    wgmma = tuning.wgmma() && gpu.hasWgmma();
    overlaps = false;
    int count = Math.toIntExact(queries.size());
    answered = count;
    var rows = resident.rows();
    int padded = count == 3 ? 4 : count; // the third query twice
    int some = Math.min(SOME, most(k, rows.dimension(), SearchPool.listBytes(gpu)));
    var where =
        reserve(
            new Layout(
                count <= FEW ? FEW : Math.max(count, some),
                rows.dimension(),
                resident.stride(),
                k,
                capacity(k, padded),
                resident.size()));
    tally.clock.begins(stream);
    upload(queries, count, padded);
    if (filter != null) {
      upload(filter, resident, where);
    }
    tally.clock.copied(stream);
    resident.putShadow(shadow, filter == null ? 0 : address(where.positions));
    resident.putBound(bound);
    putLists(where);
    if (isDirect(where, filter != null, allowed, count)) {
      tally.direct = true;
      encode(resident, where, padded, 0);
      everyRow(resident, where, null, count, filter, allowed, stop);
    } else {
      tally.scanned = true;
      var plan = new Plan(resident.size(), allowed, padded, k, where.capacity, isFew(padded));
      var graph =
          padded <= SOME
              ? graph(resident, where, plan, count, padded, filter == null ? -1 : allowed)
              : null;
      if (graph == null) {
        scanAndRescore(resident, where, plan, count, padded, filter != null);
      } else {
        stream.launch(graph);
      }
    }
    finish(where, tally);
    requireFinite(queries, where, count);
    var loose = loose(where, count);
    if (loose.length > 0) {
      tally.fallbacks += loose.length;
      var slots = host().asSlice(0, 4L * loose.length);
      MemorySegment.copy(loose, 0, slots, ValueLayout.JAVA_INT, 0, loose.length);
      tally.clock.begins(stream);
      stream.copyToDevice(address(where.slots), slots, slots.byteSize());
      tally.clock.copied(stream);
      everyRow(resident, where, loose, loose.length, filter, allowed, stop);
      finish(where, tally);
    }
    for (int q = 0; q < count; q++) {
      requireWhole(where, q);
      tally.candidates += report(where, q, 1) & 0xffffffffL;
    }
    inParallel(count, q -> answers[firstAnswer + q] = answer(resident.metric(), where, q));
  }

  /** Whether canonical keys of all rows that may be returned cost less than a scan. */
  private static boolean isDirect(Layout where, boolean filtered, long allowed, int count) {
    return filtered
        ? allowed <= Math.min(DIRECT_FILTERED, where.capacity - where.k)
            && allowed * count <= DIRECT_KEYS
        : allowed <= DIRECT;
  }

  /** What is done for each query on the host; by several threads where there are many. */
  private static void inParallel(int count, IntConsumer each) {
    var queries = IntStream.range(0, count);
    (count < MANY ? queries : queries.parallel()).forEach(each);
  }

  /**
   * All launches of such a search as one; null the first time, when kernels may still be loaded.
   */
  private @Nullable Graph graph(
      Resident resident, Layout where, Plan plan, int count, int padded, long filtered) {
    var key = new GraphKey(resident, count, where.k, filtered);
    boolean first = !seen.remove(key);
    seen.add(key); // now the last to be forgotten
    if (first) {
      if (seen.size() > SEEN) { // rows that are gone must not pile up
        seen.removeFirst();
      }
      return null;
    }
    var known = graphs.get(key);
    if (known == null) {
      stream.beginCapture();
      scanAndRescore(resident, where, plan, count, padded, filtered >= 0);
      known = stream.endCapture();
      if (graphs.size() == GRAPHS) {
        graphs.pollFirstEntry().getValue().close();
      }
      graphs.put(key, known);
    }
    return known;
  }

  /** Whether so many queries are scanned as few: their codes must fit the kernel's memory. */
  private boolean isFew(int padded) {
    return isFew(padded, requireLayout().stride, gpu.device().sharedBytesPerBlockOptin());
  }

  /**
   * The same.
   *
   * @param stride bytes of a query's codes
   * @param sharedBytes that a block may have
   */
  static boolean isFew(int padded, int stride, int sharedBytes) {
    return padded <= FEW && fewBytes(padded, stride) <= sharedBytes - FEW_DECLARED;
  }

  private static int fewBytes(int queries, int stride) {
    return 2 * queries * stride;
  }

  private void launch(
      Kernel kernel, int x, int y, int z, int threads, int shared, Arguments arguments) {
    if (overlaps) {
      stream.launchProgrammatic(kernel, x, y, z, threads, shared, arguments);
    } else {
      stream.launch(kernel, x, y, z, threads, shared, arguments);
    }
  }

  private void putDirect(boolean direct) {
    lists.set(ValueLayout.JAVA_INT, 52, direct ? 1 : 0);
  }

  /** Results in one copy, or none where kernels write them to the host; waits for all. */
  private void finish(Layout where, Tally tally) {
    tally.clock.computed(stream);
    if (where.queries > FEW) {
      stream.copyToHost(results(where), address(0), where.resultBytes(answered));
    }
    tally.clock.ends(stream);
    stream.synchronize();
    tally.clock.done();
  }

  /** Where kernels put a part of the results. */
  private long resultAddress(Layout where, long offset) {
    return where.queries > FEW
        ? address(offset)
        : pinned().deviceAddress() + where.givenBytes() + offset;
  }

  private MemorySegment results(Layout where) {
    return host().asSlice(where.givenBytes());
  }

  private void scanAndRescore(
      Resident resident, Layout where, Plan plan, int count, int padded, boolean filtered) {
    boolean direct = !filtered;
    encode(resident, where, padded, direct ? plan.to(0) : 0);
    overlaps =
        isFew(padded)
            && gpu.device().major() >= 9
            && gpu.device().driverVersion() >= OVERLAP_IN_GRAPHS;
    for (int c = 0; c < plan.chunks(); c++) {
      putDirect(direct && c == 0);
      if (isFew(padded)) {
        scanFew(resident, where, plan.from(c), plan.to(c), padded, filtered);
      } else {
        scanMany(resident, where, plan.from(c), plan.to(c), padded);
      }
      launch(
          gpu.kernel(isFew(padded) ? "kith_tighten_few" : "kith_tighten"),
          padded,
          1,
          1,
          isFew(padded) ? TIGHTEN_FEW_THREADS : THREADS,
          0,
          new Arguments()
              .addBytes(shadow)
              .addBytes(lists)
              .addBytes(bound)
              .addPointer(address(where.terms))
              .addPointer(address(where.filters))
              .addInt(where.k));
    }
    putDirect(false);
    rescore(resident, where, null, count, false);
    overlaps = false;
  }

  /** Codes queries; their lists begin with so many rows that the first chunk will put there. */
  private void encode(Resident resident, Layout where, int padded, int rows) {
    launch(
        gpu.kernel("kith_encode_queries"),
        padded,
        1,
        1,
        THREADS,
        0,
        new Arguments()
            .addPointer(padded <= FEW ? pinned().deviceAddress() : address(where.given))
            .addPointer(address(where.given))
            .addInt(where.dimension)
            .addPointer(resident.centreAddress())
            .addBytes(bound)
            .addPointer(address(where.high))
            .addPointer(isFew(padded) ? address(where.low) : 0)
            .addInt(where.stride)
            .addPointer(address(where.filters))
            .addPointer(address(where.terms))
            .addBytes(lists)
            .addInt(rows)
            .addPointer(address(where.done))
            .addPointer(address(where.outcomes)));
  }

  /** Whether the next search may find the codes in the L2 cache, with room for the rest. */
  private boolean isCached(Resident resident) {
    return (long) resident.size() * resident.stride() <= gpu.device().l2Bytes() / 4L * 3;
  }

  private void scanFew(
      Resident resident, Layout where, int from, int to, int queries, boolean filtered) {
    int shared = fewBytes(queries, where.stride);
    var kernel =
        gpu.kernel((filtered ? "kith_scan_filtered_" : "kith_scan_") + queries)
            .withSharedMemory(shared);
    int most =
        gpu.device().multiprocessors() * Math.max(1, kernel.maxActiveBlocks(SCAN_THREADS, shared));
    long blocks = (to - from + SCAN_ROWS - 1L) / SCAN_ROWS;
    if (blocks > most) { // as many rounds for each
      long rounds = (blocks + most - 1) / most;
      blocks = (blocks + rounds - 1) / rounds;
    }
    launch(
        kernel,
        (int) blocks,
        1,
        1,
        SCAN_THREADS,
        shared,
        new Arguments()
            .addBytes(shadow)
            .addInt(from)
            .addInt(to)
            .addPointer(address(where.high))
            .addPointer(address(where.low))
            .addBytes(bound)
            .addPointer(address(where.terms))
            .addPointer(address(where.filters))
            .addBytes(lists)
            .addInt(isCached(resident) ? 1 : 0));
  }

  private void scanMany(Resident resident, Layout where, int from, int to, int count) {
    long large = (to - from + WGMMA_ROWS - 1L) / WGMMA_ROWS * ((count + 127L) / 128);
    if (wgmma && large >= gpu.device().multiprocessors()) {
      scanByWgmma(resident, where, from, to, count);
      return;
    }
    // A short chunk is shared out in smaller tiles.
    int wanted = large < gpu.device().multiprocessors() ? Math.min(count, 16) : count;
    var tile = Tile.of(wanted, gpu.device().sharedBytesPerBlockOptin());
    int shared = tile.sharedBytes();
    var kernel = gpu.kernel(tile.kernel()).withSharedMemory(shared);
    long blocks =
        (to - from + tile.rows() - 1L)
            / tile.rows()
            * ((count + tile.queries() - 1) / tile.queries());
    launch(
        kernel,
        Math.toIntExact(blocks),
        1,
        1,
        THREADS,
        shared,
        new Arguments()
            .addBytes(shadow)
            .addInt(from)
            .addInt(to)
            .addPointer(address(where.high))
            .addInt(count)
            .addPointer(address(where.filters))
            .addBytes(lists));
  }

  private void scanByWgmma(Resident resident, Layout where, int from, int to, int count) {
    var kernel = gpu.kernel("kith_scan_wgmma").withSharedMemory(WGMMA_BYTES);
    var rowMap =
        TensorMap.ofBytes(
            gpu.context(),
            resident.codesAddress(),
            resident.size(),
            where.stride,
            where.stride,
            WGMMA_ROWS,
            128,
            TensorMap.Swizzle.BYTES_128);
    var queryMap =
        TensorMap.ofBytes(
            gpu.context(),
            address(where.high),
            count,
            where.stride,
            where.stride,
            WGMMA_QUERIES,
            128,
            TensorMap.Swizzle.BYTES_128);
    long tiles =
        (to - from + WGMMA_ROWS - 1L) / WGMMA_ROWS * ((count + WGMMA_QUERIES - 1) / WGMMA_QUERIES);
    launch(
        kernel,
        (int) Math.min(tiles, gpu.device().multiprocessors()),
        1,
        1,
        3 * 128,
        WGMMA_BYTES,
        new Arguments()
            .addBytes(rowMap.segment())
            .addBytes(queryMap.segment())
            .addBytes(shadow)
            .addInt(from)
            .addInt(to)
            .addInt(count)
            .addPointer(address(where.filters))
            .addBytes(lists));
  }

  /**
   * Canonical keys of what the lists hold, and the best.
   *
   * @param slots whether the queries are those of the slots, or all
   * @param keep whether lists hold rows, not positions, and the best stay there
   */
  private void rescore(
      Resident resident, Layout where, int @Nullable [] slots, int count, boolean keep) {
    int blocks =
        Math.clamp(RESCORE_BLOCKS / count, 1, keep ? RESCORE_MANY_BLOCKS : RESCORE_FEW_BLOCKS);
    var rows = resident.rows();
    launch(
        gpu.kernel("kith_rescore"),
        blocks,
        count,
        1,
        THREADS,
        0,
        new Arguments()
            .addPointer(rows.address())
            .addInt(resident.size())
            .addInt(keep ? 0 : resident.scatter())
            .addInt(where.dimension)
            .addInt(Codes.of(rows.elementType()))
            .addInt(Codes.of(resident.metric()))
            .addPointer(address(where.given))
            .addBytes(lists)
            .addPointer(slots == null ? 0 : address(where.slots))
            .addPointer(address(where.done))
            .addPointer(address(where.tickets))
            .addInt(where.k)
            .addInt(keep ? 1 : 0)
            .addPointer(resultAddress(where, where.found(answered)))
            .addPointer(resultAddress(where, where.keys(answered)))
            .addPointer(address(where.outcomes))
            .addPointer(resultAddress(where, where.reports)));
  }

  /** Canonical keys of all rows that the filter lets through, for some queries. */
  private void everyRow(
      Resident resident,
      Layout where,
      int @Nullable [] slots,
      int count,
      @Nullable RowFilter filter,
      long allowed,
      StopSignal stop) {
    launch(
        gpu.kernel("kith_restart"),
        (count + THREADS - 1) / THREADS,
        1,
        1,
        THREADS,
        0,
        new Arguments()
            .addBytes(lists)
            .addPointer(slots == null ? 0 : address(where.slots))
            .addInt(count)
            .addPointer(address(where.done))
            .addPointer(address(where.outcomes)));
    int room = where.capacity - where.k;
    long step = allowed <= room ? resident.size() : room / 64 * 64;
    int passes = 0;
    for (long start = 0; start < resident.size(); start += step) {
      int from = (int) start;
      int to = (int) Math.min(resident.size(), start + step);
      if (filter != null && step < resident.size() && !filter.allowsAny(from, step)) {
        continue;
      }
      passes++;
      if (passes % PATIENCE == 0) {
        stream.synchronize();
        stop.check();
      }
      launch(
          gpu.kernel("kith_fill"),
          Math.clamp((to - from + THREADS - 1L) / THREADS, 1, 64),
          count,
          1,
          THREADS,
          0,
          new Arguments()
              .addInt(from)
              .addInt(to)
              .addPointer(filter == null ? 0 : address(where.allowed))
              .addBytes(lists)
              .addPointer(slots == null ? 0 : address(where.slots)));
      rescore(resident, where, slots, count, true);
    }
  }

  /** By rows, and by positions of the shadow; not again while searches come with the same. */
  private void upload(RowFilter filter, Resident resident, Layout where) {
    if (filter.equals(uploaded)) { // identity: filters have no other equality
      return;
    }
    uploaded = null;
    stream.copyToDevice(address(where.allowed), filter.bits(), filter.bits().byteSize());
    int n = resident.size();
    launch(
        gpu.kernel("kith_scatter_bits"),
        (int) ((n + THREADS - 1L) / THREADS),
        1,
        1,
        THREADS,
        0,
        new Arguments()
            .addPointer(address(where.allowed))
            .addInt(n)
            .addInt(resident.scatter())
            .addPointer(address(where.positions)));
    uploaded = filter;
  }

  private void upload(VectorSource queries, int count, int padded) {
    int d = queries.dimension();
    var target = host();
    if (queries.elementType() == ElementType.FLOAT32) {
      var block = queries.block(0, count);
      inParallel(
          count,
          q -> MemorySegment.copy(block.data(), q * block.stride(), target, 4L * q * d, 4L * d));
    } else {
      var row = new float[d];
      for (var block : queries.blocks(count)) {
        for (int q = 0; q < block.rows(); q++) {
          block.decodeRow(q, row, 0);
          MemorySegment.copy(row, 0, target, FLOAT, 4L * (block.firstRow() + q) * d, d);
        }
      }
    }
    if (padded > count) {
      MemorySegment.copy(target, 4L * (count - 1) * d, target, 4L * count * d, 4L * d);
    }
    if (padded > FEW) {
      stream.copyToDevice(address(requireLayout().given), target, 4L * count * d);
    }
  }

  private void requireFinite(VectorSource queries, Layout where, int count) {
    for (int q = 0; q < count; q++) {
      if (report(where, q, 3) == BROKEN_QUERY) {
        VectorDataException.requireFinite(queries, q, queries.row(q));
        throw new IllegalStateException(
            "query %d was not finite on the device and is so in its source: it was changed"
                .formatted(q));
      }
    }
  }

  private int[] loose(Layout where, int count) {
    var found = new ArrayList<Integer>();
    for (int q = 0; q < count; q++) {
      if (report(where, q, 2) != 0) {
        found.add(q);
      }
    }
    return found.stream().mapToInt(Integer::intValue).toArray();
  }

  private int report(Layout where, int query, int field) {
    long at = where.givenBytes() + where.reports + (long) Layout.OUTCOME_BYTES * query;
    return host().get(ValueLayout.JAVA_INT, at + 4L * field);
  }

  private void requireWhole(Layout where, int query) {
    if (report(where, query, 3) == BROKEN_ROW) {
      throw new BrokenRowException();
    }
    if (report(where, query, 2) != 0 || report(where, query, 3) != 0) {
      throw new VectorDataException(
          "a row's key must not be below its bound: query=%d; the rows were changed after they were loaded onto the device: open them again"
              .formatted(query));
    }
  }

  private Neighbors answer(Metric metric, Layout where, int query) {
    var results = results(where);
    var rows = new long[report(where, query, 0)];
    var keys = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      long at = (long) query * where.k + i;
      rows[i] = results.get(ValueLayout.JAVA_INT, where.found(answered) + 4 * at) & 0xffffffffL;
      keys[i] = results.get(ValueLayout.JAVA_DOUBLE, where.keys(answered) + 8 * at);
    }
    return new Neighbors(metric, rows, keys);
  }

  /** Makes room; what is there stays if it serves. */
  private Layout reserve(Layout wanted) {
    var known = layout;
    if (known != null && known.serves(wanted.queries, wanted)) {
      return known;
    }
    dropGraphs();
    layout = null;
    uploaded = null;
    var device = memory;
    if (device == null || device.byteSize() < wanted.bytes) {
      if (device != null) {
        memory = null;
        gpu.ledger().give(device);
      }
      device = gpu.ledger().take(wanted.bytes, "the lists of a search");
      memory = device;
    }
    long host = wanted.givenBytes() + wanted.resultBytes(wanted.queries);
    var buffer = pinned;
    if (buffer == null || buffer.byteSize() < host) {
      if (buffer != null) {
        pinned = null;
        buffer.close();
      }
      pinned = gpu.context().pinned(Math.max(host, 1 << 16));
    }
    stream.fillInts(device.address() + wanted.tickets, 0, wanted.queries);
    layout = wanted;
    return wanted;
  }

  private void putLists(Layout where) {
    lists.set(ValueLayout.JAVA_LONG, 0, address(where.listRows));
    lists.set(ValueLayout.JAVA_LONG, 8, address(where.lowers));
    lists.set(ValueLayout.JAVA_LONG, 16, address(where.uppers));
    lists.set(ValueLayout.JAVA_LONG, 24, address(where.listKeys));
    lists.set(ValueLayout.JAVA_LONG, 32, address(where.counts));
    lists.set(ValueLayout.JAVA_LONG, 40, address(where.valued));
    lists.set(ValueLayout.JAVA_INT, 48, where.capacity);
    putDirect(false);
  }

  private Layout requireLayout() {
    var known = layout;
    if (known == null) {
      throw new IllegalStateException("no memory was reserved");
    }
    return known;
  }

  private long address(long offset) {
    var device = memory;
    if (device == null) {
      throw new IllegalStateException("no memory was reserved");
    }
    return device.address() + offset;
  }

  private PinnedMemory pinned() {
    var buffer = pinned;
    if (buffer == null) {
      throw new IllegalStateException("no memory was reserved");
    }
    return buffer;
  }

  private MemorySegment host() {
    return pinned().segment();
  }

  private void dropGraphs() {
    graphs.values().forEach(Graph::close);
    graphs.clear();
    seen.clear();
  }

  @Override
  public void close() {
    dropGraphs();
    layout = null;
    if (memory != null) {
      gpu.ledger().give(memory);
      memory = null;
    }
    if (pinned != null) {
      pinned.close();
      pinned = null;
    }
    stream.close();
  }
}
