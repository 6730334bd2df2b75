package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Describes a matrix of bytes on the device for the TMA unit (compute capability 9.0 and up), which
 * copies boxes of it to shared memory; rows and columns beyond its edge read as zeros. Passed to a
 * kernel by {@link Arguments#addBytes}, as a {@code const __grid_constant__} struct of 128 bytes
 * aligned to 64, which is what cuda.h calls {@code CUtensorMap}.
 */
public final class TensorMap {
  private static final long BYTES = 128;
  private static final long ALIGNMENT = 64;
  private static final int UINT8 = 0;
  private static final int RANK = 2;
  private static final int INTERLEAVE_NONE = 0;
  private static final int L2_PROMOTION_256B = 3;
  private static final int OUT_OF_BOUNDS_ZERO = 0;

  /** How 16-byte chunks of a box change places in shared memory, so that banks do not collide. */
  public enum Swizzle {
    /** Not at all. */
    NONE(0),
    /** Within 32 bytes. */
    BYTES_32(1),
    /** Within 64 bytes. */
    BYTES_64(2),
    /** Within 128 bytes: chunk {@code c} of row {@code r} goes to {@code c ^ (r % 8)}. */
    BYTES_128(3);

    private final int code;

    Swizzle(int code) {
      this.code = code;
    }
  }

  private final MemorySegment segment;

  private TensorMap(MemorySegment segment) {
    this.segment = segment;
  }

  /**
   * Describes a matrix ({@code cuTensorMapEncodeTiled}).
   *
   * @param address of the first row, a multiple of 16
   * @param rows of the matrix
   * @param rowBytes bytes of a row that count
   * @param strideBytes from row to row, a multiple of 16
   * @param boxRows rows copied at once, up to 256
   * @param boxBytes bytes of a row copied at once, a multiple of 16, up to 256 and no more than the
   *     swizzle's span
   * @throws CudaException if the driver does not accept these numbers
   */
  public static TensorMap ofBytes(
      Context context,
      long address,
      long rows,
      long rowBytes,
      long strideBytes,
      int boxRows,
      int boxBytes,
      Swizzle swizzle) {
    var map = Arena.ofAuto().allocate(BYTES, ALIGNMENT);
    context.enter();
    try (var arena = Arena.ofConfined()) {
      // The innermost dimension comes first; its stride is one byte and not passed.
      var size = arena.allocateFrom(JAVA_LONG, rowBytes, rows);
      var stride = arena.allocateFrom(JAVA_LONG, strideBytes);
      var box = arena.allocateFrom(JAVA_INT, boxBytes, boxRows);
      var step = arena.allocateFrom(JAVA_INT, 1, 1);
      context
          .calls()
          .tensorMapEncodeTiled
          .call(
              map.address(),
              UINT8,
              RANK,
              address,
              size.address(),
              stride.address(),
              box.address(),
              step.address(),
              INTERLEAVE_NONE,
              swizzle.code,
              L2_PROMOTION_256B,
              OUT_OF_BOUNDS_ZERO);
    } catch (CudaException e) {
      throw e.of(
          "of %d rows of %d bytes, stride %d, box %d x %d, swizzle %s at %#x"
              .formatted(rows, rowBytes, strideBytes, boxRows, boxBytes, swizzle, address));
    }
    return new TensorMap(map);
  }

  /** The 128 bytes, aligned to 64, for {@link Arguments#addBytes}. */
  public MemorySegment segment() {
    return segment;
  }
}
