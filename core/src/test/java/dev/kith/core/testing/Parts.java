package dev.kith.core.testing;

import dev.kith.core.search.IndexData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Parts of indexes that tests damage. */
public final class Parts {
  private Parts() {}

  /** Parts of their own, so that a test may write to them. */
  public static Map<String, MemorySegment> copies(IndexData data) {
    var copies = new LinkedHashMap<String, MemorySegment>();
    data.parts()
        .forEach(
            (name, part) ->
                copies.put(name, Arena.ofAuto().allocate(part.byteSize(), 64).copyFrom(part)));
    return copies;
  }

  /** The part of that name, which must be there. */
  public static MemorySegment part(Map<String, MemorySegment> parts, String name) {
    return Objects.requireNonNull(parts.get(name));
  }

  /** Flips bits of a byte. */
  public static void flip(MemorySegment part, long at, int bits) {
    byte old = part.get(ValueLayout.JAVA_BYTE, at);
    part.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ bits));
  }
}
