package dev.kith.nativekernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.kith.core.kernel.BlockHits;
import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeKernel;
import dev.kith.core.kernel.CodeQuery;
import dev.kith.core.kernel.HalfKernel;
import dev.kith.core.kernel.KeyKernel;
import dev.kith.core.kernel.PanelHits;
import dev.kith.core.kernel.PanelKernel;
import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.kernel.PickChecks;
import dev.kith.core.kernel.Picks;
import dev.kith.core.kernel.TableKernel;
import dev.kith.core.kernel.TableQuery;
import dev.kith.core.vector.ElementType;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * C loops for one instruction set. C checks no more than that picked rows exist, so shapes are
 * checked here. Scans and products take microseconds a block and are critical calls, during which
 * the garbage collector waits; tiles take longer and are not. Picked rows come on the heap, and so
 * do their results: that costs a critical call nothing.
 *
 * @param name name of the instruction set
 * @param tileQueries queries of a tile; 1 in portable C, which is the reference and no faster than
 *     Java
 */
record NativeKernels(
    String name,
    int tileQueries,
    MethodHandle panelScan,
    MethodHandle panelTile,
    Picked picked,
    Loops float16,
    Loops bfloat16,
    Tables tables)
    implements PanelKernel, CodeKernel, KeyKernel, HalfKernel, TableKernel {
  /**
   * What there is for one type of 16 bits.
   *
   * @param dots products of a query with rows
   * @param picked products of a query with some of the rows
   * @param widen to float32
   * @param narrow from float32
   */
  record Loops(MethodHandle dots, MethodHandle picked, MethodHandle widen, MethodHandle narrow) {}

  /**
   * What there is for rows that are picked one by one.
   *
   * @param codes8 estimates by codes of 8 bits
   * @param codes4 estimates by codes of 4 bits
   * @param keys canonical sums
   */
  record Picked(MethodHandle codes8, MethodHandle codes4, MethodHandle keys) {}

  /**
   * What there is for codes in blocks.
   *
   * @param sums4 sums of 4-bit groups
   * @param sums8 sums of 8-bit groups
   * @param scan4 rows by bounds from 4-bit groups
   * @param scan8 rows by bounds from 8-bit groups
   */
  record Tables(MethodHandle sums4, MethodHandle sums8, MethodHandle scan4, MethodHandle scan8) {}

  // Panels, filter, codes and rows that are picked from go as addresses, so that no slice is made
  // for
  // every block, and no scope is entered for every few rows.
  private static final FunctionDescriptor SCAN =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG,
          ADDRESS, ADDRESS, ADDRESS);
  private static final FunctionDescriptor TILE =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG,
          ADDRESS, ADDRESS, ADDRESS);
  private static final FunctionDescriptor DOTS =
      FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS);
  private static final FunctionDescriptor PICKED =
      FunctionDescriptor.of(
          JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
  private static final FunctionDescriptor CODES =
      FunctionDescriptor.of(
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_FLOAT,
          JAVA_LONG,
          ADDRESS,
          JAVA_INT,
          ADDRESS);
  private static final FunctionDescriptor KEYS =
      FunctionDescriptor.of(
          JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT,
          ADDRESS, ADDRESS);
  private static final FunctionDescriptor TABLE_SUMS =
      FunctionDescriptor.ofVoid(
          JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final FunctionDescriptor TABLE_SCAN =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
          ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
  private static final FunctionDescriptor CONVERT =
      FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS);

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  /** Kinds of canonical sums, as keys.c numbers them. */
  private static final int SQUARED_DISTANCES = 0;

  private static final int PRODUCTS = 1;

  private static final double[] NO_SQUARES = new double[0];
  private static final int MAX_NAME = 64;

  /** Reads a {@code kith_kernels}, laid out in kith.h. */
  @SuppressWarnings("restricted")
  static NativeKernels of(Linker linker, MemorySegment table) {
    var critical = Linker.Option.critical(false);
    var onHeap = Linker.Option.critical(true);
    return new NativeKernels(
        table.get(ADDRESS, 0).reinterpret(MAX_NAME).getString(0),
        Math.toIntExact(table.get(JAVA_LONG, 16)),
        linker.downcallHandle(table.get(ADDRESS, 24), SCAN, critical),
        linker.downcallHandle(table.get(ADDRESS, 32), TILE),
        new Picked(
            linker.downcallHandle(table.get(ADDRESS, 40), CODES, onHeap),
            linker.downcallHandle(table.get(ADDRESS, 48), CODES, onHeap),
            linker.downcallHandle(table.get(ADDRESS, 56), KEYS, onHeap)),
        loops(linker, table, 64),
        loops(linker, table, 72),
        new Tables(
            linker.downcallHandle(table.get(ADDRESS, 128), TABLE_SUMS, critical),
            linker.downcallHandle(table.get(ADDRESS, 136), TABLE_SUMS, critical),
            linker.downcallHandle(table.get(ADDRESS, 144), TABLE_SCAN, critical),
            linker.downcallHandle(table.get(ADDRESS, 152), TABLE_SCAN, critical)));
  }

  /** The loops of one type: those of the other lie between them. */
  @SuppressWarnings("restricted")
  private static Loops loops(Linker linker, MemorySegment table, long at) {
    var critical = Linker.Option.critical(false);
    return new Loops(
        linker.downcallHandle(table.get(ADDRESS, at), DOTS, critical),
        linker.downcallHandle(table.get(ADDRESS, at + 16), PICKED, Linker.Option.critical(true)),
        linker.downcallHandle(table.get(ADDRESS, at + 32), CONVERT, critical),
        linker.downcallHandle(table.get(ADDRESS, at + 48), CONVERT, critical));
  }

  @Override
  public int mostQueries() {
    return Integer.MAX_VALUE;
  }

  @Override
  public int scan(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      PanelQuery query,
      MemorySegment terms,
      MemorySegment allowed,
      PanelHits hits) {
    requireRoom(panels, first, count, groups, terms, 1, allowed, hits);
    try {
      return (int)
          panelScan.invokeExact(
              panels.address() + first * Panels.stride(groups),
              Panels.stride(groups),
              count,
              groups,
              query.high(),
              query.low(),
              terms,
              allowed.byteSize() == 0 ? 0L : allowed.address() + 2 * first,
              hits.rows(),
              hits.products(),
              hits.lowProducts());
    } catch (Throwable e) {
      throw failed(e);
    } finally {
      // What was passed as an address must live until the call is over.
      Reference.reachabilityFence(panels);
      Reference.reachabilityFence(allowed);
    }
  }

  @Override
  public int tile(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      PanelQuery queries,
      MemorySegment terms,
      MemorySegment allowed,
      PanelHits hits) {
    requireRoom(panels, first, count, groups, terms, queries.count(), allowed, hits);
    try {
      return (int)
          panelTile.invokeExact(
              panels.address() + first * Panels.stride(groups),
              Panels.stride(groups),
              count,
              groups,
              queries.high(),
              queries.count(),
              terms,
              allowed.byteSize() == 0 ? 0L : allowed.address() + 2 * first,
              hits.rows(),
              hits.queries(),
              hits.products());
    } catch (Throwable e) {
      throw failed(e);
    } finally {
      // What was passed as an address must live until the call is over.
      Reference.reachabilityFence(panels);
      Reference.reachabilityFence(allowed);
    }
  }

  private static void requireRoom(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      MemorySegment terms,
      int queries,
      MemorySegment allowed,
      PanelHits hits) {
    long kept = (long) Panels.ROWS * count * queries;
    long stride = Panels.stride(groups);
    Objects.checkFromIndexSize(first * stride, count * stride, panels.byteSize());
    Objects.checkFromIndexSize(0, (long) queries * PanelQuery.TERM_BYTES, terms.byteSize());
    Objects.checkFromIndexSize(0, 4 * kept, hits.rows().byteSize());
    if (allowed.byteSize() != 0) {
      Objects.checkFromIndexSize(2 * first, 2L * count, allowed.byteSize());
    }
  }

  @Override
  public void estimate8(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    estimate(picked.codes8, 8, query, codes, stride, terms, picks, count);
  }

  @Override
  public void estimate4(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    estimate(picked.codes4, 4, query, codes, stride, terms, picks, count);
  }

  private static void estimate(
      MethodHandle loop,
      int bits,
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    long rows = PickChecks.rows(bits, query, codes, stride, terms, picks, count);
    requireOffHeap(codes, terms);
    int outside;
    try {
      outside =
          (int)
              loop.invokeExact(
                  query.segment(),
                  codes.address(),
                  stride,
                  query.codes().length,
                  terms.address(),
                  query.scale(),
                  rows,
                  picks.rowSegment(),
                  count,
                  picks.estimateSegment());
    } catch (Throwable e) {
      throw failed(e);
    } finally {
      Reference.reachabilityFence(codes);
      Reference.reachabilityFence(terms);
    }
    if (outside >= 0) {
      throw PickChecks.outside(outside, picks.rows()[outside], rows);
    }
  }

  @Override
  public void squaredDistances(
      float[] query, MemorySegment rows, long stride, int[] picked, int count, double[] sums) {
    sums(SQUARED_DISTANCES, query, rows, stride, picked, count, sums, NO_SQUARES);
  }

  @Override
  public void products(
      float[] query,
      MemorySegment rows,
      long stride,
      int[] picked,
      int count,
      double[] dots,
      double[] squares) {
    sums(PRODUCTS, query, rows, stride, picked, count, dots, squares);
  }

  /** Computes canonical sums; the rows go as a segment, so that they stay open meanwhile. */
  private void sums(
      int kind,
      float[] query,
      MemorySegment rows,
      long stride,
      int[] picked,
      int count,
      double[] sums,
      double[] squares) {
    long within = PickChecks.floatRows(query, rows, stride);
    Objects.checkFromIndexSize(0, count, picked.length);
    Objects.checkFromIndexSize(0, count, sums.length);
    if (kind == PRODUCTS) {
      Objects.checkFromIndexSize(0, count, squares.length);
    }
    int outside;
    try {
      outside =
          (int)
              this.picked.keys.invokeExact(
                  MemorySegment.ofArray(query),
                  rows,
                  stride,
                  within,
                  MemorySegment.ofArray(picked),
                  count,
                  query.length,
                  kind,
                  MemorySegment.ofArray(sums),
                  MemorySegment.ofArray(squares));
    } catch (Throwable e) {
      throw failed(e);
    }
    if (outside >= 0) {
      throw PickChecks.outside(outside, picked[outside], within);
    }
  }

  @Override
  public void sums(
      CodeBlocks blocks, long first, int count, int planes, TableQuery query, MemorySegment sums) {
    TableKernel.requireSums(blocks, first, count, planes, query, sums);
    var shape = blocks.shape();
    var loop = shape.bits() == 4 ? tables.sums4 : tables.sums8;
    try {
      loop.invokeExact(
          blocks.memory().address() + first * shape.stride() + shape.codesAt(),
          shape.stride(),
          count,
          shape.groups(),
          planes,
          query.tables(),
          sums);
    } catch (Throwable e) {
      throw failed(e);
    } finally {
      Reference.reachabilityFence(blocks);
    }
  }

  @Override
  public int scan(
      CodeBlocks blocks,
      long first,
      int rows,
      int planes,
      TableQuery query,
      MemorySegment allowed,
      BlockHits hits) {
    TableKernel.requireScan(blocks, first, rows, planes, query, allowed, hits);
    var shape = blocks.shape();
    long at = blocks.memory().address() + first * shape.stride();
    var loop = shape.bits() == 4 ? tables.scan4 : tables.scan8;
    try {
      return (int)
          loop.invokeExact(
              at + shape.codesAt(),
              at + shape.termsAt(planes),
              shape.stride(),
              rows,
              shape.groups(),
              planes,
              shape.terms(),
              query.tables(),
              query.terms(),
              allowed.byteSize() == 0 ? 0L : allowed.address() + 4 * first,
              hits.rows(),
              hits.bounds());
    } catch (Throwable e) {
      throw failed(e);
    } finally {
      Reference.reachabilityFence(blocks);
      Reference.reachabilityFence(allowed);
    }
  }

  /** Refuses segments on the heap, which have no address. */
  private static void requireOffHeap(MemorySegment rows, MemorySegment terms) {
    if (!rows.isNative() || !terms.isNative()) {
      throw new IllegalArgumentException("rows and terms must be off-heap for loops in C");
    }
  }

  @Override
  public void dots(
      ElementType type,
      MemorySegment query,
      MemorySegment rows,
      long stride,
      int count,
      int d,
      MemorySegment dots) {
    if (count == 0) {
      return;
    }
    Objects.checkFromIndexSize(0, 4L * d, query.byteSize());
    Objects.checkFromIndexSize(0, (count - 1L) * stride + 2L * d, rows.byteSize());
    Objects.checkFromIndexSize(0, 4L * count, dots.byteSize());
    try {
      loops(type).dots.invokeExact(query, rows, stride, count, d, dots);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public void dots(
      ElementType type,
      MemorySegment query,
      MemorySegment rows,
      long stride,
      MemorySegment picked,
      int count,
      int d,
      MemorySegment dots) {
    var loop = loops(type).picked;
    Objects.checkFromIndexSize(0, 4L * d, query.byteSize());
    Objects.checkFromIndexSize(0, 4L * count, picked.byteSize());
    Objects.checkFromIndexSize(0, 4L * count, dots.byteSize());
    requireOffHeap(rows, rows);
    if (stride < 2L * d) {
      throw new IllegalArgumentException(
          "rows of %d elements of 16 bits cannot lie %d bytes apart".formatted(d, stride));
    }
    long within = rows.byteSize() < 2L * d ? 0 : (rows.byteSize() - 2L * d) / stride + 1;
    int outside;
    try {
      outside =
          (int) loop.invokeExact(query, rows.address(), stride, within, picked, count, d, dots);
    } catch (Throwable e) {
      throw failed(e);
    } finally {
      Reference.reachabilityFence(rows);
    }
    if (outside >= 0) {
      throw PickChecks.outside(outside, picked.getAtIndex(INT, outside), within);
    }
  }

  @Override
  public void widen(ElementType type, MemorySegment from, long count, MemorySegment to) {
    Objects.checkFromIndexSize(0, 2 * count, from.byteSize());
    Objects.checkFromIndexSize(0, 4 * count, to.byteSize());
    try {
      loops(type).widen.invokeExact(from, count, to);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  @Override
  public void narrow(ElementType type, MemorySegment from, long count, MemorySegment to) {
    Objects.checkFromIndexSize(0, 4 * count, from.byteSize());
    Objects.checkFromIndexSize(0, 2 * count, to.byteSize());
    try {
      loops(type).narrow.invokeExact(from, count, to);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private Loops loops(ElementType type) {
    return switch (type) {
      case FLOAT16 -> float16;
      case BFLOAT16 -> bfloat16;
      case FLOAT32, INT8, UINT8 ->
          throw new IllegalArgumentException("not a 16-bit float: " + type);
    };
  }

  private static RuntimeException failed(Throwable e) {
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }
}
