package dev.kith.core.vector;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;

/**
 * Lists of row numbers, the answers of searches, as {@code .ivecs}: every list is an int32 length,
 * then the int32 row numbers, little-endian. Lists may differ in length.
 */
public final class Ivecs {
  private static final int[] NONE = {};

  private Ivecs() {}

  /**
   * Reads all lists, {@code lists[i][rank]}.
   *
   * @throws VectorDataException if a length is negative or passes the end of the file
   */
  public static int[][] read(Path path) throws IOException {
    return MappedFile.copy(path, Ivecs::read);
  }

  private static int[][] read(MappedFile file) {
    var bytes = file.bytes();
    var lists = new ArrayList<int[]>();
    long at = 0;
    while (at < bytes.byteSize()) {
      long left = bytes.byteSize() - at - Integer.BYTES;
      int length = left < 0 ? -1 : bytes.get(ElementType.INT, at);
      if (length < 0 || (long) length * Integer.BYTES > left) {
        throw file.damaged(
            "every list must lie in the file",
            at,
            "a length of 0 to " + Math.max(left, 0) / Integer.BYTES,
            left < 0 ? (left + Integer.BYTES) + " bytes" : length,
            "the file is cut short or damaged; copy it again");
      }
      var list = length == 0 ? NONE : new int[length];
      MemorySegment.copy(bytes, ElementType.INT, at + Integer.BYTES, list, 0, length);
      lists.add(list);
      at += Integer.BYTES + (long) length * Integer.BYTES;
    }
    return lists.toArray(int[][]::new);
  }

  /** Writes all lists; the target is replaced as a whole. */
  public static void write(Path target, int[][] lists) throws IOException {
    try (var file = new WholeFile(target)) {
      var buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
      for (int[] list : lists) {
        put(list.length, buffer, file);
        for (int row : list) {
          put(row, buffer, file);
        }
      }
      file.append(buffer);
      file.commit();
    }
  }

  private static void put(int value, ByteBuffer buffer, WholeFile file) throws IOException {
    if (buffer.remaining() < Integer.BYTES) {
      file.append(buffer);
    }
    buffer.putInt(value);
  }
}
