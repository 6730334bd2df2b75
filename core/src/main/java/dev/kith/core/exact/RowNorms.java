package dev.kith.core.exact;

import dev.kith.core.kernel.ScanKernel;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The squared norm of every row, 4 bytes each, computed a page of rows at a time when a scan first
 * reaches them and kept: recomputing them in every scan costs a tenth of its speed.
 */
final class RowNorms {
  static final int PAGE = 64;

  private final VectorSource rows;
  private final ScanKernel kernel;
  private final AtomicReferenceArray<float[]> pages;

  RowNorms(VectorSource rows, ScanKernel kernel) {
    this.rows = rows;
    this.kernel = kernel;
    this.pages = new AtomicReferenceArray<>(Math.toIntExact((rows.size() + PAGE - 1) / PAGE));
  }

  /** Bytes of all pages that have been computed. */
  long bytes() {
    long bytes = 0;
    for (int i = 0; i < pages.length(); i++) {
      var page = pages.get(i);
      bytes += page == null ? 0 : page.length * (long) Float.BYTES;
    }
    return bytes;
  }

  /**
   * Copies the norms of rows {@code first} to {@code first + count - 1}; {@code first} begins a
   * page.
   */
  void read(long first, int count, float[] norms) {
    for (int at = 0; at < count; at += PAGE) {
      System.arraycopy(page((int) ((first + at) / PAGE)), 0, norms, at, Math.min(PAGE, count - at));
    }
  }

  /**
   * Reads the norms of some rows of a block. No page is filled: few of its rows are wanted, and the
   * products that follow find those in the caches.
   *
   * @param picked {@code [>= count]} rows of the block
   * @param scratch {@code [d]}, room for a row
   */
  void read(VectorBlock block, int[] picked, int count, float[] norms, float[] scratch) {
    boolean known = true;
    for (int i = 0; i < count && known; i++) {
      long row = block.firstRow() + picked[i];
      var page = pages.get((int) (row / PAGE));
      if (page == null) {
        known = false;
      } else {
        norms[i] = page[(int) (row % PAGE)];
      }
    }
    if (known) {
      return;
    }
    if (block.elementType() == ElementType.FLOAT32) {
      kernel.squaredNorms(block.data(), block.stride(), scratch.length, picked, count, norms);
      return;
    }
    for (int i = 0; i < count; i++) {
      block.decodeRow(picked[i], scratch, 0);
      norms[i] = kernel.squaredNorm(scratch);
    }
  }

  private float[] page(int number) {
    var page = pages.get(number);
    if (page == null) {
      long first = (long) number * PAGE;
      var block = rows.block(first, (int) Math.min(PAGE, rows.size() - first));
      page = new float[block.rows()];
      var row = new float[rows.dimension()];
      for (int i = 0; i < page.length; i++) {
        block.decodeRow(i, row, 0);
        page[i] = kernel.squaredNorm(row);
      }
      pages.set(number, page); // another worker may do the same: the values are equal
    }
    return page;
  }
}
