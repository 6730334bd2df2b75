package dev.kith.cuda.exact;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.driver.TensorMap;
import dev.kith.cuda.kernels.KernelEnums;
import dev.kith.cuda.kernels.Struct;
import dev.kith.cuda.kernels.Structs;
import dev.kith.cuda.store.DeviceCodes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A search whose kernels a test launches one by one, looking at what each leaves in memory. */
final class ByHand implements AutoCloseable {
  static final int STATE_BOUNDED = 0;

  final Gpu gpu;
  final DeviceCodes codes;
  final Layout where;
  private final Stream stream;
  private final DeviceMemory memory;
  private final Struct.Value shadow = Structs.SHADOW.value();
  private final Struct.Value bound = Structs.BOUND.value();
  private final Struct.Value lists = Structs.LISTS.value();
  private boolean filtered;

  ByHand(Gpu gpu, DeviceCodes codes, int queries, int k, int capacity) {
    this.gpu = gpu;
    this.codes = codes;
    int d = codes.rows().dimension();
    this.where = new Layout(queries, d, codes.stride(), k, capacity, codes.size());
    this.stream = gpu.context().stream();
    this.memory = gpu.ledger().take(where.bytes, "a test");
    stream.fill(memory.address(), (byte) 0, where.bytes);
    codes.putShadow(shadow, 0);
    codes.putBound(bound);
    lists
        .setPointer("rows", at(where.listRows))
        .setPointer("lowers", at(where.lowers))
        .setPointer("uppers", at(where.uppers))
        .setPointer("keys", at(where.listKeys))
        .setPointer("counts", at(where.counts))
        .setPointer("valued", at(where.valued))
        .setInt("capacity", capacity);
  }

  private long at(long offset) {
    return memory.address() + offset;
  }

  /** Bytes from a place of the layout. */
  MemorySegment read(long offset, long bytes) {
    var host = Arena.ofAuto().allocate(Math.max(bytes, 1), 8);
    if (bytes > 0) {
      stream.copyToHost(host, at(offset), bytes);
    }
    stream.synchronize();
    return host;
  }

  int[] ints(long offset, int count) {
    return read(offset, 4L * count).asSlice(0, 4L * count).toArray(JAVA_INT);
  }

  float[] floats(long offset, int count) {
    return read(offset, 4L * count).asSlice(0, 4L * count).toArray(JAVA_FLOAT);
  }

  double[] doubles(long offset, int count) {
    return read(offset, 8L * count).asSlice(0, 8L * count).toArray(JAVA_DOUBLE);
  }

  void write(long offset, MemorySegment bytes) {
    stream.copyToDevice(at(offset), bytes, bytes.byteSize());
    stream.synchronize();
  }

  void write(long offset, int... values) {
    write(offset, Arena.ofAuto().allocateFrom(JAVA_INT, values));
  }

  void write(long offset, float... values) {
    write(offset, Arena.ofAuto().allocateFrom(JAVA_FLOAT, values));
  }

  /** The place of a query's part of a list of 4 bytes an entry. */
  long ofQuery(long offset, int query) {
    return offset + 4L * query * where.capacity;
  }

  int[] listedRows(int query, int count) {
    return ints(ofQuery(where.listRows, query), count);
  }

  float[] lowers(int query, int count) {
    return floats(ofQuery(where.lowers, query), count);
  }

  float[] uppers(int query, int count) {
    return floats(ofQuery(where.uppers, query), count);
  }

  int[] counts() {
    return ints(where.counts, where.queries);
  }

  /** The row at a position of the shadow. */
  int rowAt(int position) {
    return (int) ((long) position * codes.scatter() % codes.size());
  }

  /** Lets the loops see those rows alone; returns the bits of positions, a word for each 32. */
  int[] filter(RowFilter filter) {
    int n = codes.size();
    write(where.allowed, filter.bits());
    launch(
        gpu.kernel(RescoreLaunches.KERNELS, "kith_scatter_bits"),
        Math.ceilDiv(n, 256),
        1,
        256,
        0,
        new Arguments()
            .addPointer(at(where.allowed))
            .addInt(n)
            .addInt(codes.scatter())
            .addPointer(at(where.positions)));
    codes.putShadow(shadow, at(where.positions));
    filtered = true;
    return ints(where.positions, Math.ceilDiv(n, 32));
  }

  /** Codes queries, with second codes or without; lists are empty then. */
  void encode(float[][] queries, boolean two) {
    int d = where.dimension;
    var given = Arena.ofAuto().allocate(4L * d * queries.length, 8);
    for (int q = 0; q < queries.length; q++) {
      MemorySegment.copy(queries[q], 0, given, JAVA_FLOAT, 4L * d * q, d);
    }
    write(where.given, given);
    launch(
        gpu.kernel(DeviceCodes.KERNELS, "kith_encode_queries"),
        queries.length,
        1,
        256,
        0,
        new Arguments()
            .addPointer(at(where.given))
            .addPointer(0) // no limits
            .addPointer(at(where.given))
            .addInt(d)
            .addPointer(codes.centreAddress())
            .addBytes(bound.segment())
            .addPointer(at(where.high))
            .addPointer(two ? at(where.low) : 0)
            .addInt(where.stride)
            .addPointer(at(where.filters))
            .addPointer(at(where.terms))
            .addBytes(lists.segment())
            .addInt(0)
            .addPointer(at(where.done))
            .addPointer(at(where.outcomes)));
  }

  int state(int query) {
    return terms(query).getInt("state");
  }

  float threshold(int query) {
    return Structs.QUERY_FILTER
        .at(read(filterAt(query), Structs.QUERY_FILTER.bytes()), 0)
        .getFloat("threshold");
  }

  /** Lets the loops drop what has a key above {@code tau}, for a query that has a bound. */
  void setThreshold(int query, float tau) {
    write(filterAt(query) + Structs.QUERY_FILTER.offset("threshold"), thresholdOf(query, tau));
  }

  private long filterAt(int query) {
    return where.filters + (long) Structs.QUERY_FILTER.bytes() * query;
  }

  private Struct.Value terms(int query) {
    int bytes = Structs.QUERY_TERMS.bytes();
    return Structs.QUERY_TERMS.at(read(where.terms + (long) bytes * query, bytes), 0);
  }

  /** What a search says of a query. */
  Struct.Value report(int query) {
    int bytes = Structs.OUTCOME.bytes();
    return Structs.OUTCOME.at(read(where.reports + (long) bytes * query, bytes), 0);
  }

  /** As kith.cuh has it. */
  float thresholdOf(int query, float tau) {
    if (tau == Float.POSITIVE_INFINITY) {
      return Float.NEGATIVE_INFINITY;
    }
    var terms = terms(query);
    double squaredNorm = terms.getDouble("squaredNorm");
    double norm = terms.getDouble("norm");
    double offset = terms.getDouble("offset");
    double centreNorm = bound.getDouble("centreNorm");
    double sigma = bound.getDouble("sigma");
    double threshold =
        codes.metric() == Metric.L2
            ? 0.5 * (squaredNorm - tau) - sigma * norm * norm
            : -tau - offset - sigma * ((norm + 2 * centreNorm) * 4 * centreNorm);
    return Math.nextDown((float) (threshold - 0x1p-140));
  }

  /** All rows, by the loop for 1, 2 or 4 queries with two codes each. */
  void scanFew() {
    int shared = 2 * where.queries * where.stride;
    var kernel = (filtered ? "kith_scan_filtered_" : "kith_scan_") + where.queries;
    launch(
        gpu.kernel(ScanLaunches.SCAN, kernel).withSharedMemory(shared),
        Math.ceilDiv(codes.size(), 256),
        1,
        512,
        shared,
        new Arguments()
            .addBytes(shadow.segment())
            .addInt(0)
            .addInt(codes.size())
            .addPointer(at(where.high))
            .addPointer(at(where.low))
            .addBytes(bound.segment())
            .addPointer(at(where.terms))
            .addPointer(at(where.filters))
            .addBytes(lists.segment())
            .addInt(where.rows % 2));
  }

  /** All rows, by a loop over tiles. */
  void scanTiles(Tile tile) {
    launch(
        gpu.kernel(ScanLaunches.SCAN, tile.kernel()).withSharedMemory(tile.sharedBytes()),
        Math.ceilDiv(codes.size(), tile.rows()) * Math.ceilDiv(where.queries, tile.queries()),
        1,
        256,
        tile.sharedBytes(),
        new Arguments()
            .addBytes(shadow.segment())
            .addInt(0)
            .addInt(codes.size())
            .addPointer(at(where.high))
            .addInt(where.queries)
            .addPointer(at(where.filters))
            .addBytes(lists.segment()));
  }

  /** All rows, by Hopper's products. */
  void scanByWgmma() {
    int shared = (128 + 128) * 128 * 5 + 1024 + 128;
    var rows = map(codes.codesAddress(), codes.size());
    var queries = map(at(where.high), where.queries);
    launch(
        gpu.kernel(ScanLaunches.WGMMA, "kith_scan_wgmma").withSharedMemory(shared),
        Math.min(
            Math.ceilDiv(codes.size(), 128) * Math.ceilDiv(where.queries, 128),
            gpu.device().multiprocessors()),
        1,
        384,
        shared,
        new Arguments()
            .addBytes(rows.segment())
            .addBytes(queries.segment())
            .addBytes(shadow.segment())
            .addInt(0)
            .addInt(codes.size())
            .addInt(where.queries)
            .addPointer(at(where.filters))
            .addBytes(lists.segment()));
  }

  private TensorMap map(long address, int rows) {
    return TensorMap.ofBytes(
        gpu.context(),
        address,
        rows,
        where.stride,
        where.stride,
        128,
        128,
        TensorMap.Swizzle.BYTES_128);
  }

  void tighten(int k, int threads) {
    launch(
        gpu.kernel(ScanLaunches.TIGHTEN, threads > 256 ? "kith_tighten_few" : "kith_tighten"),
        where.queries,
        1,
        threads,
        0,
        new Arguments()
            .addBytes(shadow.segment())
            .addBytes(lists.segment())
            .addBytes(bound.segment())
            .addPointer(at(where.terms))
            .addPointer(at(where.filters))
            .addInt(k));
  }

  /** Of the lists' rows, or positions; of some queries, or all if {@code slots} is empty. */
  void rescore(int blocks, boolean positions, boolean keep, int... slots) {
    if (slots.length > 0) {
      write(where.slots, slots);
    }
    int shared = 12 * Math.max(where.k, 320);
    launch(
        gpu.kernel(RescoreLaunches.KERNELS, "kith_rescore").withSharedMemory(shared),
        blocks,
        slots.length > 0 ? slots.length : where.queries,
        256,
        shared,
        new Arguments()
            .addPointer(codes.rows().address())
            .addInt(codes.size())
            .addInt(positions ? codes.scatter() : 0)
            .addInt(where.dimension)
            .addInt(KernelEnums.of(codes.rows().elementType()))
            .addInt(KernelEnums.of(codes.metric()))
            .addPointer(at(where.given))
            .addBytes(lists.segment())
            .addPointer(slots.length > 0 ? at(where.slots) : 0)
            .addPointer(at(where.done))
            .addPointer(at(where.tickets))
            .addInt(where.k)
            .addInt(keep ? 1 : 0)
            .addPointer(at(where.found(where.queries)))
            .addPointer(at(where.keys(where.queries)))
            .addPointer(at(where.outcomes))
            .addPointer(at(where.reports)));
  }

  private void launch(Kernel kernel, int x, int y, int threads, int shared, Arguments arguments) {
    stream.launch(kernel, x, y, 1, threads, shared, arguments);
    stream.synchronize();
  }

  @Override
  public void close() {
    gpu.ledger().give(memory);
    stream.close();
  }
}
