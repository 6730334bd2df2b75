package dev.kith.cuda.exact;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.ElementType;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.driver.PinnedMemory;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.kernels.Struct;
import dev.kith.cuda.kernels.Structs;
import dev.kith.cuda.store.DeviceCodes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one search after another, on the device and pinned on the host, with the structs
 * that tell kernels where it is. Kept from one search to the next as long as it serves. For one
 * thread at a time.
 */
final class Workspace implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Pinned memory is taken in pieces of this, at least. */
  private static final int LEAST_PINNED = 1 << 16;

  final Stream stream;
  final Struct.Value shadow = Structs.SHADOW.value();
  final Struct.Value bound = Structs.BOUND.value();
  final Struct.Value lists = Structs.LISTS.value();

  private final Gpu gpu;
  private @Nullable DeviceMemory memory;
  private @Nullable PinnedMemory pinned;
  private @Nullable Layout layout;

  /** What the structs tell of. */
  private @Nullable Described described;

  /** The filter whose bits are on the device. */
  private @Nullable RowFilter uploaded;

  private record Described(DeviceCodes codes, Layout where, boolean filtered) {
    @SuppressWarnings("ReferenceEquality") // others may lie elsewhere
    boolean isOf(DeviceCodes otherCodes, Layout otherPlace, boolean otherFiltered) {
      return codes == otherCodes && where == otherPlace && filtered == otherFiltered;
    }
  }

  Workspace(Gpu gpu) {
    this.gpu = gpu;
    this.stream = gpu.context().stream();
  }

  /**
   * Makes room; what is there stays if it serves.
   *
   * @param leaving told before what is there goes
   */
  Layout reserve(Layout wanted, Runnable leaving) {
    var known = layout;
    if (known != null && known.serves(wanted.queries, wanted)) {
      return known;
    }
    leaving.run();
    layout = null;
    described = null;
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
      pinned = gpu.context().pinned(Math.max(host, LEAST_PINNED));
    }
    stream.fillInts(device.address() + wanted.tickets, 0, wanted.queries);
    layout = wanted;
    return wanted;
  }

  /** Tells the structs where everything lies, unless they know from the search before. */
  void describe(DeviceCodes codes, Layout where, boolean filtered) {
    keepAll(false);
    if (described != null && described.isOf(codes, where, filtered)) {
      return;
    }
    described = new Described(codes, where, filtered);
    codes.putShadow(shadow, filtered ? address(where.positions) : 0);
    codes.putBound(bound);
    lists
        .setPointer("rows", address(where.listRows))
        .setPointer("lowers", address(where.lowers))
        .setPointer("uppers", address(where.uppers))
        .setPointer("keys", address(where.listKeys))
        .setPointer("counts", address(where.counts))
        .setPointer("valued", address(where.valued))
        .setInt("capacity", where.capacity);
  }

  /** Whether loops keep every row, at its own place. */
  void keepAll(boolean all) {
    lists.setInt("direct", all ? 1 : 0);
  }

  /** Device address of a place of the layout. */
  long address(long offset) {
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

  /** Pinned memory: queries as given, results behind them. */
  MemorySegment host() {
    return pinned().segment();
  }

  /** Where kernels find the queries of a group: few stay on the host. */
  long queriesAddress(Layout where, int padded) {
    return padded <= Sizes.FEW ? pinned().deviceAddress() : address(where.given);
  }

  /** Where kernels find the limits of a group's queries, behind these. */
  long limitsAddress(Layout where, int padded) {
    return queriesAddress(where, padded) + where.limits(padded);
  }

  /** Where kernels put a part of the results: those of few go to the host at once. */
  long resultAddress(Layout where, long offset) {
    return isCopied(where)
        ? address(offset)
        : pinned().deviceAddress() + where.givenBytes() + offset;
  }

  /** Whether results lie on the device until they are copied. */
  static boolean isCopied(Layout where) {
    return where.queries > Sizes.FEW;
  }

  /** Queues the copy of queries, and of their limits, to where kernels find them. */
  void upload(Request request, Layout where, int padded) {
    var queries = request.queries();
    int count = Math.toIntExact(queries.size());
    int d = queries.dimension();
    var target = host();
    if (queries.elementType() == ElementType.FLOAT32) {
      var block = queries.block(0, count);
      Hosts.forEach(
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
    long end = 4L * count * d;
    var limit = request.limit();
    if (limit != null) {
      long at = where.limits(padded);
      for (int q = 0; q < padded; q++) {
        double key = limit.key(request.firstQuery() + Math.min(q, count - 1));
        target.set(ValueLayout.JAVA_DOUBLE, at + 8L * q, key);
      }
      end = at + 8L * padded;
    }
    if (padded > Sizes.FEW) {
      stream.copyToDevice(address(where.given), target, end);
    }
  }

  /**
   * Queues the copy of a filter's bits, by rows, unless they are there from the search before.
   *
   * @return whether they were not
   */
  boolean upload(RowFilter filter, Layout where) {
    if (filter.equals(uploaded)) { // identity: filters have no other equality
      return false;
    }
    uploaded = null;
    stream.copyToDevice(address(where.allowed), filter.bits(), filter.bits().byteSize());
    return true;
  }

  /** The bits of that filter are there in every order that kernels want. */
  void hasBits(RowFilter filter) {
    uploaded = filter;
  }

  /** Queues the copy of the numbers of some queries, a device array of which is then used. */
  void uploadSlots(int[] slots, Layout where) {
    var source = host().asSlice(0, 4L * slots.length); // queries are on the device by now
    MemorySegment.copy(slots, 0, source, ValueLayout.JAVA_INT, 0, slots.length);
    stream.copyToDevice(address(where.slots), source, source.byteSize());
  }

  @Override
  public void close() {
    layout = null;
    described = null;
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
