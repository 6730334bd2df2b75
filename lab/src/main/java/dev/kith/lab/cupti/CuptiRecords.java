package dev.kith.lab.cupti;

import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.Place;
import dev.kith.lab.profile.Activity.Size;
import dev.kith.lab.profile.CopyKind;
import dev.kith.lab.profile.Gpu;
import dev.kith.lab.profile.MemoryKind;
import dev.kith.lab.profile.Recorder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.LongUnaryOperator;

/**
 * Reads CUPTI's activity records. Its structs are packed, so offsets are sums of sizes, and grow at
 * their end alone: those below are the same from {@code CUpti_ActivityKernel4} to {@code Kernel10},
 * {@code Memcpy} to {@code Memcpy6}, {@code Memset} to {@code Memset4}, {@code Device4} to {@code
 * Device5}, in CUDA 11 to 13.
 *
 * <pre>
 * kernel  0 kind  6 u16 registers  16 start  24 end  40 device  44 context  48 stream
 *         52 grid x, y, z  64 block x, y, z  76 static shared  80 dynamic shared
 *         84 local a thread  92 correlation  104 name
 * memcpy  0 kind  4 u8 copy kind  5 u8 source  6 u8 destination  8 bytes  16 start  24 end
 *         32 device  36 context  40 stream  44 correlation
 * memset  0 kind  4 value  8 bytes  16 start  24 end  32 device  36 context  40 stream
 *         44 correlation  50 u16 memory
 * call    0 kind  4 number  8 start  16 end  28 thread  32 correlation  36 result
 * device  0 kind  8 kB/s  16 memory  28 L2  36 kHz  44 multiprocessors  104 and 108 capability
 *         112 id  136 name
 * </pre>
 *
 * <p>What is not said is 32 bits wide; times, bytes, names, bandwidth and memory are 64.
 */
final class CuptiRecords {
  /** Numbers of {@code CUpti_ActivityKind}. */
  static final int MEMCPY = 1;

  static final int MEMSET = 2;
  static final int KERNEL = 3;
  static final int DRIVER = 4;
  static final int RUNTIME = 5;
  static final int DEVICE = 8;
  static final int CONCURRENT_KERNEL = 10;

  private static final ValueLayout.OfInt INT = little(ValueLayout.JAVA_INT_UNALIGNED);
  private static final ValueLayout.OfLong LONG = little(ValueLayout.JAVA_LONG_UNALIGNED);
  private static final ValueLayout.OfShort SHORT = little(ValueLayout.JAVA_SHORT_UNALIGNED);

  private final LongUnaryOperator clock;
  private final Names names;
  private final Recorder.Sink sink;

  /** Resolver of what records point to. */
  interface Names {
    /** Text at an address, or an empty one. */
    String at(long address);

    /** Name of a kernel as people read it. */
    String demangled(String mangled);

    /** Name of a function. */
    String call(boolean driver, int number);
  }

  /**
   * Creates a reader that passes activities to a sink.
   *
   * @param clock conversion of CUPTI's time to the profile's
   */
  CuptiRecords(LongUnaryOperator clock, Names names, Recorder.Sink sink) {
    this.clock = clock;
    this.names = names;
    this.sink = sink;
  }

  private static ValueLayout.OfInt little(ValueLayout.OfInt layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN);
  }

  private static ValueLayout.OfLong little(ValueLayout.OfLong layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN);
  }

  private static ValueLayout.OfShort little(ValueLayout.OfShort layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads one record; ignores those of other kinds and those without times, which CUPTI could not
   * take.
   */
  void read(MemorySegment record) {
    switch (record.get(INT, 0)) {
      case KERNEL, CONCURRENT_KERNEL -> kernel(record);
      case MEMCPY -> memcpy(record);
      case MEMSET -> memset(record);
      case DRIVER -> call(record, true);
      case RUNTIME -> call(record, false);
      case DEVICE -> device(record);
      default -> {}
    }
  }

  private void kernel(MemorySegment record) {
    if (!timed(record, 16)) {
      return;
    }
    String mangled = names.at(record.get(LONG, 104));
    sink.add(
        new Kernel(
            time(record, 16),
            time(record, 24),
            place(record, 40, 92),
            names.demangled(mangled),
            mangled,
            size(record, 52),
            size(record, 64),
            Short.toUnsignedInt(record.get(SHORT, 6)),
            record.get(INT, 76),
            record.get(INT, 80),
            record.get(INT, 84)));
  }

  private void memcpy(MemorySegment record) {
    if (!timed(record, 16)) {
      return;
    }
    sink.add(
        new Memcpy(
            time(record, 16),
            time(record, 24),
            place(record, 32, 44),
            record.get(LONG, 8),
            CopyKind.of(record.get(ValueLayout.JAVA_BYTE, 4)),
            memory(record.get(ValueLayout.JAVA_BYTE, 5)),
            memory(record.get(ValueLayout.JAVA_BYTE, 6))));
  }

  private void memset(MemorySegment record) {
    if (!timed(record, 16)) {
      return;
    }
    sink.add(
        new Memset(
            time(record, 16),
            time(record, 24),
            place(record, 32, 44),
            record.get(LONG, 8),
            record.get(INT, 4),
            memory(record.get(SHORT, 50))));
  }

  private void call(MemorySegment record, boolean driver) {
    if (!timed(record, 8)) {
      return;
    }
    sink.add(
        new Call(
            time(record, 8),
            time(record, 16),
            Integer.toUnsignedLong(record.get(INT, 28)),
            Integer.toUnsignedLong(record.get(INT, 32)),
            names.call(driver, record.get(INT, 4)),
            driver,
            record.get(INT, 36)));
  }

  private void device(MemorySegment record) {
    sink.add(
        new Gpu(
            record.get(INT, 112),
            names.at(record.get(LONG, 136)),
            record.get(LONG, 16),
            record.get(LONG, 8) * 1000,
            Integer.toUnsignedLong(record.get(INT, 28)),
            Integer.toUnsignedLong(record.get(INT, 36)) * 1000,
            record.get(INT, 44),
            record.get(INT, 104),
            record.get(INT, 108)));
  }

  private static boolean timed(MemorySegment record, long offset) {
    long start = record.get(LONG, offset);
    return start != 0 && record.get(LONG, offset + 8) >= start;
  }

  private long time(MemorySegment record, long offset) {
    return clock.applyAsLong(record.get(LONG, offset));
  }

  private static Place place(MemorySegment record, long device, long correlation) {
    return new Place(
        record.get(INT, device),
        record.get(INT, device + 4),
        record.get(INT, device + 8),
        Integer.toUnsignedLong(record.get(INT, correlation)));
  }

  private static Size size(MemorySegment record, long offset) {
    return new Size(
        record.get(INT, offset), record.get(INT, offset + 4), record.get(INT, offset + 8));
  }

  /**
   * Kind of memory by CUPTI's number, which counts from 1, with 0 for unknown; Nsight's files count
   * from 0.
   */
  private static MemoryKind memory(int kind) {
    return MemoryKind.of(kind - 1);
  }
}
