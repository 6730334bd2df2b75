package dev.kith.db.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/** A file or folder: what programs see of it, and what is on the disk. Guarded by its disk. */
final class Node {
  private static final int SECTOR = 512;
  private static final AtomicLong CLOCK = new AtomicLong();

  final boolean directory;
  final long id = CLOCK.incrementAndGet();
  long modified = System.currentTimeMillis();

  /** A folder's entries. */
  final Map<String, Node> entries = new TreeMap<>();

  final Map<String, Node> durableEntries = new TreeMap<>();

  /** A file's bytes; zeros from {@code size} on. */
  private byte[] bytes = {};

  private int size;
  private byte[] durableBytes = {};
  private int durableSize;

  /** Contents that sectors have had since they were forced, oldest first. */
  private final Map<Integer, List<byte[]>> dirty = new HashMap<>();

  /** Sizes since the file was forced. */
  private final List<Integer> sizes = new ArrayList<>();

  Node(boolean directory) {
    this.directory = directory;
  }

  int size() {
    return size;
  }

  void touch() {
    modified = System.currentTimeMillis();
  }

  void read(int at, byte[] target, int from, int length) {
    System.arraycopy(bytes, at, target, from, length);
  }

  void write(int at, byte[] source, int length) {
    int end = Math.addExact(at, length);
    bytes = atLeast(bytes, end);
    System.arraycopy(source, 0, bytes, at, length);
    if (end > size) {
      resize(end);
    }
    soil(at, end);
  }

  void truncate(int length) {
    if (length < size) {
      int before = size;
      Arrays.fill(bytes, length, size, (byte) 0);
      resize(length);
      soil(length, before);
    }
  }

  private void resize(int length) {
    size = length;
    sizes.add(length);
  }

  private void soil(int from, int to) {
    touch();
    for (int sector = from / SECTOR; sector * SECTOR < to; sector++) {
      dirty
          .computeIfAbsent(sector, s -> new ArrayList<>(1))
          .add(Arrays.copyOfRange(bytes, sector * SECTOR, (sector + 1) * SECTOR));
    }
  }

  void force() {
    dirty.forEach(
        (sector, versions) -> durableBytes = put(durableBytes, sector, versions.getLast()));
    durableSize = size;
    dirty.clear();
    sizes.clear();
  }

  void forgetDirty() {
    dirty.clear();
  }

  Node afterCrash(SplittableRandom random) {
    var after = new Node(false);
    int version = random.nextInt(sizes.size() + 1);
    after.size = version == 0 ? durableSize : sizes.get(version - 1);
    var survived = durableBytes.clone();
    for (var sector : dirty.entrySet()) {
      var versions = sector.getValue();
      int chosen = random.nextInt(versions.size() + 1);
      if (chosen > 0) {
        survived = put(survived, sector.getKey(), versions.get(chosen - 1));
      }
    }
    after.bytes = Arrays.copyOf(survived, after.size);
    after.durableBytes = after.bytes.clone();
    after.durableSize = after.size;
    return after;
  }

  /** A copy of all below, each node once. */
  Node copy(Map<Node, Node> copies) {
    var known = copies.get(this);
    if (known != null) {
      return known;
    }
    var copy = new Node(directory);
    copies.put(this, copy);
    copy.modified = modified;
    entries.forEach((name, node) -> copy.entries.put(name, node.copy(copies)));
    durableEntries.forEach((name, node) -> copy.durableEntries.put(name, node.copy(copies)));
    copy.bytes = bytes.clone();
    copy.size = size;
    copy.durableBytes = durableBytes.clone();
    copy.durableSize = durableSize;
    dirty.forEach((sector, versions) -> copy.dirty.put(sector, new ArrayList<>(versions)));
    copy.sizes.addAll(sizes);
    return copy;
  }

  private static byte[] put(byte[] target, int sector, byte[] content) {
    var result = atLeast(target, (sector + 1) * SECTOR);
    System.arraycopy(content, 0, result, sector * SECTOR, SECTOR);
    return result;
  }

  private static byte[] atLeast(byte[] bytes, int length) {
    return bytes.length >= length
        ? bytes
        : Arrays.copyOf(bytes, Math.max(length, Math.min(2 * bytes.length, 1 << 30)));
  }
}
