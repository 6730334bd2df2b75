package dev.kith.cuda.memory;

import dev.kith.core.search.RowFilter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Which row of which source each row of a buffer is. Immutable. */
public final class RowMap {
  private static final int STEP = 1 << 16;

  /** Buffer rows before each part, and all at the end. */
  private final long[] starts;

  /** Of a part the rows that live, or null for all. */
  private final List<int @Nullable []> live = new ArrayList<>();

  RowMap(List<GpuBufferLoader.Part> parts) {
    starts = new long[parts.size() + 1];
    for (int p = 0; p < parts.size(); p++) {
      var part = parts.get(p);
      int[] picked = part.live() == null ? null : rows(part.live(), part.rows().name());
      live.add(picked);
      starts[p + 1] = starts[p] + (picked == null ? part.rows().size() : picked.length);
    }
  }

  private static int[] rows(RowFilter filter, String name) {
    requireInts(filter.size(), name);
    var rows = new int[Math.toIntExact(filter.count())];
    var picked = new int[STEP];
    int n = 0;
    for (long first = 0; first < filter.size(); first += STEP) {
      int count = filter.pick(first, STEP, picked);
      for (int i = 0; i < count; i++) {
        rows[n++] = (int) first + picked[i];
      }
    }
    return rows;
  }

  /** Numbers of rows that were picked are ints. */
  static void requireInts(long size, String name) {
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a source that is loaded with a filter must have fewer than 2^31 rows: rows=%d (%s); load slices of it"
              .formatted(size, name));
    }
  }

  /** Rows of the buffer. */
  public long size() {
    return starts[starts.length - 1];
  }

  /** The number of the source, in the order they were given, that a buffer's row comes from. */
  public int part(long bufferRow) {
    Objects.checkIndex(bufferRow, size());
    int found = Arrays.binarySearch(starts, bufferRow);
    int part = found >= 0 ? found : -found - 2;
    while (starts[part + 1] == bufferRow) {
      part++; // parts without rows
    }
    return part;
  }

  /** The row of that source. */
  public long row(long bufferRow) {
    int part = part(bufferRow);
    long at = bufferRow - starts[part];
    int[] picked = live.get(part);
    return picked == null ? at : picked[(int) at];
  }

  /**
   * Buffer rows from {@code bufferRow} on that follow each other in one source.
   *
   * @param most to look for, at least 1
   */
  int together(long bufferRow, int most) {
    int part = part(bufferRow);
    int end = (int) Math.min(most, starts[part + 1] - bufferRow);
    int[] picked = live.get(part);
    if (picked == null) {
      return end;
    }
    int at = (int) (bufferRow - starts[part]);
    int n = 1;
    while (n < end && picked[at + n] == picked[at] + n) {
      n++;
    }
    return n;
  }
}
