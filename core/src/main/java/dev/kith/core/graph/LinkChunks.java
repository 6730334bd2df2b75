package dev.kith.core.graph;

import dev.kith.core.vector.Chunks;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Links in chunks, to which rows are added while others are read. A reader of one of these objects
 * meets rows of its chunks alone: links to chunks that came later are left out, and so are the gaps
 * that a line shows while it is written.
 */
final class LinkChunks implements Links {
  private final Chunks chunks;
  private final Graph[] parts;
  private final int degree;

  private LinkChunks(Chunks chunks, Graph[] parts, int degree) {
    this.chunks = chunks;
    this.parts = parts;
    this.degree = degree;
  }

  /** Links of a first chunk of rows without neighbours. */
  static LinkChunks of(Chunks chunks, int degree) {
    return new LinkChunks(chunks, new Graph[] {part(chunks.rows(0), degree)}, degree);
  }

  private static Graph part(int rows, int degree) {
    var links = Arena.ofAuto().allocate(4L * rows * degree, 64);
    links.fill((byte) -1);
    return new Graph(links, rows, degree);
  }

  /** These links with one chunk more; what there is stays where it is. */
  LinkChunks grown() {
    var more = Arrays.copyOf(parts, parts.length + 1);
    more[parts.length] = part(chunks.rows(parts.length), degree);
    return new LinkChunks(chunks, more, degree);
  }

  @Override
  public int size() {
    return chunks.start(parts.length);
  }

  @Override
  public int degree() {
    return degree;
  }

  @Override
  public int neighbours(int row, int[] into) {
    int chunk = chunks.chunkOf(row);
    int count = parts[chunk].neighbours(row - chunks.start(chunk), into);
    int size = size();
    int kept = 0;
    for (int i = 0; i < count; i++) {
      int link = into[i];
      if (link >= 0 && link < size) {
        into[kept++] = link;
      }
    }
    return kept;
  }

  /** Replaces the neighbours of {@code row}; one thread a row at a time. */
  void set(int row, int[] from, int count) {
    int chunk = chunks.chunkOf(row);
    parts[chunk].setNeighbours(row - chunks.start(chunk), from, count);
  }

  long bytes() {
    return 4L * degree * size();
  }
}
