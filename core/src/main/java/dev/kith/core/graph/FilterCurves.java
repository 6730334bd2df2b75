package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.recall.RecallCurve;
import dev.kith.core.vector.VectorDataException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * What an index measured of its walks of two hops with random filters: a curve for each share of
 * rows that pass. Immutable; safe for many threads. Bytes are drawn in {@code
 * docs/formats/graph.md}.
 */
final class FilterCurves {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private static final int LAYOUT = 1;
  private static final int HEADER = 64;

  /** Bytes for each share: the share, and the bytes of its curve. */
  private static final int LINE = 8;

  /** Shares, at most: each is less than half of the one before. */
  private static final int MOST = 32;

  private final MemorySegment part;
  private final List<Float> shares;
  private final List<RecallCurve> curves;

  private FilterCurves(MemorySegment part, List<Float> shares, List<RecallCurve> curves) {
    this.part = part;
    this.shares = List.copyOf(shares);
    this.curves = List.copyOf(curves);
  }

  /**
   * Puts curves together.
   *
   * @param shares of rows that pass, descending, at least one
   * @param curves one for each share
   */
  static FilterCurves of(List<Float> shares, List<RecallCurve> curves, Arena arena) {
    long bytes = HEADER + (long) LINE * shares.size();
    for (var curve : curves) {
      bytes += curve.part().byteSize();
    }
    var part = arena.allocate(bytes, GraphData.LINE);
    part.set(INT, 0, LAYOUT);
    part.set(INT, 4, shares.size());
    long at = HEADER + (long) LINE * shares.size();
    for (int i = 0; i < shares.size(); i++) {
      long line = HEADER + (long) LINE * i;
      part.set(FLOAT, line, shares.get(i));
      var body = curves.get(i).part();
      part.set(INT, line + 4, (int) body.byteSize());
      MemorySegment.copy(body, 0, part, at, body.byteSize());
      at += body.byteSize();
    }
    return open(part);
  }

  /**
   * Opens curves.
   *
   * @param part as {@link #part} gives it
   * @throws VectorDataException if it is of no known layout
   */
  static FilterCurves open(MemorySegment part) {
    int count = part.byteSize() >= HEADER && part.get(INT, 0) == LAYOUT ? part.get(INT, 4) : 0;
    long at = HEADER + (long) LINE * count;
    if (count < 1 || count > MOST || at > part.byteSize()) {
      throw damaged(part);
    }
    var shares = new ArrayList<Float>();
    var curves = new ArrayList<RecallCurve>();
    for (int i = 0; i < count; i++) {
      long line = HEADER + (long) LINE * i;
      shares.add(part.get(FLOAT, line));
      int bytes = part.get(INT, line + 4);
      if (bytes < 0 || bytes > part.byteSize() - at) {
        throw damaged(part);
      }
      curves.add(RecallCurve.open(part.asSlice(at, bytes)));
      at += bytes;
    }
    if (at != part.byteSize()) {
      throw damaged(part);
    }
    return new FilterCurves(part, shares, curves);
  }

  private static VectorDataException damaged(MemorySegment part) {
    return new VectorDataException(
        "the curves of filtered walks have %d bytes and are none of layout %d; build the index again"
            .formatted(part.byteSize(), LAYOUT));
  }

  /** The curves as they are stored. */
  MemorySegment part() {
    return part;
  }

  /** Shares of rows that pass, descending. */
  List<Float> shares() {
    return shares;
  }

  /** Curve of walks at the {@code i}-th share. */
  RecallCurve curve(int i) {
    return curves.get(i);
  }
}
