package dev.kith.cuda.memory;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.Event;
import dev.kith.cuda.driver.PinnedMemory;
import dev.kith.cuda.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Streams rows from wherever they lie (a file, index storage, memory) into device memory. Several
 * threads read and convert, each a slice of a pinned buffer; the one that fills the last slice
 * sends it off, and the next buffer is filled meanwhile. Safe for many threads; loads run one after
 * another.
 */
public final class GpuBufferLoader implements AutoCloseable {
  /**
   * Bytes of a pinned buffer. Each copy costs some 25 us beside its bytes: of 4 MiB it reaches 41
   * GB/s on a link that gives 55.
   */
  private static final int BLOCK = 16 << 20;

  /** Buffers: some are filled while others are on their way. */
  private static final int BUFFERS = 4;

  /** Parts of a buffer, that threads fill side by side. */
  private static final int SLICES = 16;

  private static final int MOST_LANES = 12;
  private static final int MAX_CODE = 127;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final Context context;
  private final DeviceLedger ledger;
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Buffer> buffers = new ArrayList<>();

  /** With at most as many threads as there are cores. Pinned memory is taken on first use. */
  public GpuBufferLoader(Context context, DeviceLedger ledger) {
    this.context = context;
    this.ledger = ledger;
  }

  /**
   * Some rows of a source.
   *
   * @param rows to load
   * @param live which of them, or null for all
   */
  public record Part(VectorSource rows, @Nullable RowFilter live) {
    /** Checks that both are of one source. */
    public Part {
      if (live != null && live.size() != rows.size()) {
        throw new IllegalArgumentException(
            "a filter must have a bit for each row of the source: bits=%d, rows=%d (%s)"
                .formatted(live.size(), rows.size(), rows.name()));
      }
    }
  }

  /** All rows of a source, as they are stored. */
  public GpuBuffer load(VectorSource rows) {
    return load(List.of(new Part(rows, null)), rows.elementType());
  }

  /** A part of a source that is too large for the device, as it is stored. */
  public GpuBuffer loadChunk(VectorSource source, long first, long rows) {
    return load(source.slice(first, rows));
  }

  /**
   * The rows of all parts, in their order, as elements of {@code type}: kept as they are if it is
   * their own; widened to FLOAT32; rounded to the nearest FLOAT16 or BFLOAT16, ties to even; or, as
   * INT8, rounded to multiples of a scale that each row has for itself, its largest magnitude
   * divided by 127, INT8 rows being kept with the scale 1.
   *
   * @param parts at least one, of one dimension
   * @throws DeviceBudgetException if the device has no room
   */
  public GpuBuffer load(List<Part> parts, ElementType type) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("nothing to load: give at least one source");
    }
    int d = parts.getFirst().rows().dimension();
    boolean kept = true;
    for (var part : parts) {
      if (part.rows().dimension() != d) {
        throw new IllegalArgumentException(
            "sources loaded together must have one dimension: %d (%s), %d (%s)"
                .formatted(
                    d,
                    parts.getFirst().rows().name(),
                    part.rows().dimension(),
                    part.rows().name()));
      }
      kept &= part.rows().elementType() == type;
    }
    if (type == ElementType.UINT8 && !kept) {
      throw new IllegalArgumentException(
          "rows cannot be loaded as UINT8 unless they are stored so: load them as INT8");
    }
    var map = new RowMap(parts);
    boolean scaled = type == ElementType.INT8 && !kept;
    long bytes = map.size() * d * type.bytes();
    long scalesAt = scaled ? (bytes + 255) / 256 * 256 : -1;
    long size = scaled ? scalesAt + 4 * map.size() : bytes;
    var memory = ledger.take(Math.max(size, 1), parts.getFirst().rows().name());
    try {
      var scales = scaled ? scales(map) : null;
      var job = new Job(parts, map, d, type, memory.address(), scales);
      run(job);
      if (scales != null) {
        copyAll(memory.address() + scalesAt, scales);
      }
      return new GpuBuffer(ledger, memory, map, d, type, scalesAt);
    } catch (RuntimeException | Error e) {
      ledger.give(memory);
      throw e;
    }
  }

  /** A float32 for each row: 1, until it is coded; INT8 rows are loaded as they are. */
  private static MemorySegment scales(RowMap map) {
    var scales = Arena.ofAuto().allocate(Math.max(4 * map.size(), 1), 64);
    for (long row = 0; row < map.size(); row++) {
      scales.set(FLOAT, 4 * row, 1);
    }
    return scales;
  }

  private void copyAll(long target, MemorySegment source) {
    try (var stream = context.stream()) {
      stream.copyToDevice(target, source, source.byteSize());
      stream.synchronize();
    }
  }

  private synchronized void run(Job job) {
    int most = Math.min(MOST_LANES, Runtime.getRuntime().availableProcessors());
    int wanted = Math.clamp(job.slices(), 1, most);
    while (lanes.size() < wanted) {
      lanes.add(new Lane());
    }
    while (buffers.size() < Math.min(BUFFERS, job.fillings())) {
      buffers.add(new Buffer());
    }
    for (int i = 0; i < buffers.size(); i++) {
      buffers.get(i).start(i - BUFFERS);
    }
    try {
      Workers.run(wanted, lane -> lanes.get(lane).run(job), () -> fail(job));
    } catch (RuntimeException | Error e) {
      awaitCopies(false);
      throw e;
    }
    awaitCopies(true);
  }

  private void fail(Job job) {
    job.failed = true;
    buffers.forEach(Buffer::wake);
  }

  /**
   * Returns when no copy is under way: what a failure gives back must not be written to any more.
   *
   * @param whole whether a copy's failure is what the caller is to hear of
   */
  private void awaitCopies(boolean whole) {
    CudaException failure = null;
    for (var buffer : buffers) {
      try {
        buffer.stream.synchronize();
      } catch (CudaException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (whole && failure != null) {
      throw failure;
    }
  }

  @Override
  public synchronized void close() {
    buffers.forEach(Buffer::close);
    buffers.clear();
  }

  /** One load: its slices are shared out among lanes. */
  private static final class Job {
    final List<Part> parts;
    final RowMap map;
    final int d;
    final ElementType type;
    final long target;
    final @Nullable MemorySegment scales;
    final long rowBytes;
    final int rowsPerSlice;
    final int rowsPerBlock;
    final AtomicLong next = new AtomicLong();
    volatile boolean failed;

    Job(
        List<Part> parts,
        RowMap map,
        int d,
        ElementType type,
        long target,
        @Nullable MemorySegment scales) {
      this.parts = parts;
      this.map = map;
      this.d = d;
      this.type = type;
      this.target = target;
      this.scales = scales;
      this.rowBytes = (long) d * type.bytes();
      this.rowsPerSlice = (int) (BLOCK / SLICES / rowBytes);
      this.rowsPerBlock = SLICES * rowsPerSlice;
    }

    /** Times that a buffer is filled. */
    long fillings() {
      return (map.size() + rowsPerBlock - 1) / rowsPerBlock;
    }

    /** Slices with rows. */
    long slices() {
      return (map.size() + rowsPerSlice - 1) / rowsPerSlice;
    }
  }

  /** Pinned memory and the copies out of it. */
  private final class Buffer implements AutoCloseable {
    private final Stream stream = context.stream();
    private final PinnedMemory pinned;
    private final Event copied;

    /** The last filling that was sent off; negative if there was none. */
    private long sent;

    private int left;

    Buffer() {
      PinnedMemory memory = null;
      try {
        memory = context.pinned(BLOCK);
        copied = context.event();
      } catch (RuntimeException | Error e) {
        if (memory != null) {
          memory.close();
        }
        stream.close();
        throw e;
      }
      pinned = memory;
    }

    synchronized void start(long before) {
      sent = before;
      left = SLICES;
    }

    /**
     * Returns when that filling may begin, its copy before being over; false if the load failed.
     */
    boolean await(Job job, long filling) {
      boolean interrupted = false;
      synchronized (this) {
        while (sent != filling - BUFFERS && !job.failed) {
          try {
            wait();
          } catch (InterruptedException e) {
            interrupted = true; // a load is not left halfway
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (!job.failed && filling >= BUFFERS) {
        copied.synchronize();
      }
      return !job.failed;
    }

    /** One slice more is filled; the last sends all off. */
    void filled(Job job, long filling) {
      synchronized (this) {
        left--;
        if (left > 0) {
          return;
        }
      }
      long first = filling * job.rowsPerBlock;
      long rows = Math.min(job.rowsPerBlock, job.map.size() - first);
      stream.copyToDevice(job.target + first * job.rowBytes, pinned.segment(), rows * job.rowBytes);
      stream.record(copied);
      synchronized (this) {
        left = SLICES;
        sent = filling;
        notifyAll();
      }
    }

    synchronized void wake() {
      notifyAll();
    }

    @Override
    public void close() {
      stream.close();
      pinned.close();
      copied.close();
    }
  }

  /** A thread's share. */
  private final class Lane {
    private float[] row = {};
    private short[] halves = {};

    void run(Job job) {
      long slices = job.fillings() * SLICES;
      for (long slice; !job.failed && (slice = job.next.getAndIncrement()) < slices; ) {
        long filling = slice / SLICES;
        var buffer = buffers.get((int) (filling % BUFFERS));
        if (!buffer.await(job, filling)) {
          return;
        }
        long at = slice % SLICES * job.rowsPerSlice;
        long first = filling * job.rowsPerBlock + at;
        int count = (int) Math.clamp(job.map.size() - first, 0L, (long) job.rowsPerSlice);
        fill(job, first, count, buffer.pinned.segment().asSlice(at * job.rowBytes));
        buffer.filled(job, filling);
      }
    }

    private void fill(Job job, long first, int count, MemorySegment target) {
      for (int done = 0; done < count; ) {
        int part = job.map.part(first + done);
        int n = job.map.together(first + done, count - done);
        var source = job.parts.get(part).rows();
        var block = source.block(job.map.row(first + done), n);
        if (source.elementType() == job.type && block.stride() == job.rowBytes) {
          MemorySegment.copy(block.data(), 0, target, done * job.rowBytes, n * job.rowBytes);
        } else {
          for (int i = 0; i < n; i++) {
            convert(job, block.data(), i * block.stride(), source, first, done + i, target);
          }
        }
        done += n;
      }
    }

    private void convert(
        Job job,
        MemorySegment data,
        long from,
        VectorSource source,
        long first,
        int number,
        MemorySegment target) {
      long at = number * job.rowBytes;
      if (source.elementType() == job.type) {
        MemorySegment.copy(data, from, target, at, job.rowBytes);
        return;
      }
      if (row.length != job.d) {
        row = new float[job.d];
        halves = new short[job.d];
      }
      source.elementType().decode(data, from, row, 0, job.d);
      switch (job.type) {
        case FLOAT32 -> MemorySegment.copy(row, 0, target, FLOAT, at, job.d);
        case FLOAT16 -> {
          for (int i = 0; i < row.length; i++) {
            halves[i] = Float.floatToFloat16(row[i]);
          }
          MemorySegment.copy(halves, 0, target, SHORT, at, job.d);
        }
        case BFLOAT16 -> {
          for (int i = 0; i < row.length; i++) {
            halves[i] = ElementType.BFLOAT16.bitsOf(row[i]);
          }
          MemorySegment.copy(halves, 0, target, SHORT, at, job.d);
        }
        case INT8 -> quantize(job, first + number, target, at);
        case UINT8 -> throw new IllegalStateException("refused before");
      }
    }

    private void quantize(Job job, long bufferRow, MemorySegment target, long at) {
      float most = 0;
      for (float element : row) {
        most = Math.max(most, Math.abs(element));
      }
      float scale = most / MAX_CODE;
      for (int i = 0; i < row.length; i++) {
        double code = scale > 0 ? Math.rint((double) row[i] / scale) : 0;
        target.set(ValueLayout.JAVA_BYTE, at + i, (byte) Math.clamp(code, -MAX_CODE, MAX_CODE));
      }
      if (job.scales != null) {
        job.scales.set(FLOAT, 4 * bufferRow, scale);
      }
    }
  }
}
