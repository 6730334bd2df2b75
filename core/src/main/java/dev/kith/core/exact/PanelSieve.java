package dev.kith.core.exact;

import dev.kith.core.kernel.PanelHits;
import dev.kith.core.kernel.PanelKernel;
import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.quant.PanelBound;
import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Sieve by integer products with the codes of an int8 shadow. */
final class PanelSieve implements Sieve {
  /*
   * Implementation notes
   *
   * Layout. Codes lie in panels of 16 rows, [group of 4 elements][row][element], with the terms of
   * the bound behind them [4]. The lanes of a register are then rows: no sum is folded, 16 bounds
   * are compared at once, and a batch needs no packing. The textbook's layout, one row after
   * another, costs a fold and a store a row [1]. Products are integers and exact, so that only the
   * bound's own terms are rounded. Loops drop the rows whose upper bound of the score is below the
   * threshold; a hit comes back with its product, from which its interval follows in float64 [2].
   *
   * Two scanners. A single query is bound by memory: it has two codes an element, of 63, some 13
   * bits, since the second multiplication is free and the query's own error, as large as a row's,
   * nearly vanishes. A batch is bound by arithmetic: it has one code of 127, and tiles whose sums
   * stay in registers. Loops without tiles scan queries one by one; how many they may get, kernels
   * say (PanelKernel.mostQueries).
   *
   * Steps. A threshold is fixed for one call of the loops, and the first ones exclude nothing. So a
   * block is scanned in steps: STEP rows first, then steps that double the rows seen. The k-th
   * bound of the first n rows excludes most of the next n; hits, and the room for them, stay few.
   * Steps of tiles are cut where TILE_HITS hits could not be held.
   *
   * Filters. The loops drop rows by a bit each; 64 rows without any bit are not read at all. A
   * panel is read as a whole, because single rows of it would touch as many cache lines, so that a
   * filter that lets fewer than PANEL_WORTH rows a panel through leaves the search to RowSieve [3].
   *
   * A query whose list gave up is left out by the scan; in a tile, which is multiplied as a whole,
   * it gets the threshold infinity, which no finite sum reaches.
   *
   * Cost: one byte an element, filled up to groups of 4, and 24 bytes of terms a row, all in the
   * shadow. A worker has 32 bytes of terms a query and 12 bytes for each hit that there is room
   * for: the rows of a block, at most 4,096, or TILE_HITS, which are 3 MiB.
   *
   * [1] docs/decisions/0008-int8-shadow-in-panels.md
   * [2] docs/exactness.md, section 4
   * [3] docs/decisions/0013-filters-gather-rows.md, docs/results/filtered-scan.md
   * [4] docs/formats/shadow.md
   */

  /** Most hits of one step of a tiled scan, so that their buffers stay in the caches. */
  private static final int TILE_HITS = 1 << 18;

  /** Least number of queries for which a tile that is not full costs less than scans (measured). */
  private static final int TILE_FROM = 4;

  /**
   * Number of single rows that cost as much to read as a panel of codes (measured:
   * docs/results/filtered-scan.md).
   */
  private static final int PANEL_WORTH = 2;

  private final PanelKernel kernel;
  private final Int8Shadow shadow;
  private final PanelBound bound;
  private final int groups;
  private final MemorySegment panels;

  PanelSieve(PanelKernel kernel, Int8Shadow shadow) {
    this.kernel = kernel;
    this.shadow = shadow;
    this.bound = shadow.bound();
    this.groups = shadow.groups();
    this.panels = shadow.panels();
  }

  @Override
  public String bound() {
    return shadow.quantizer().name();
  }

  /**
   * Whether, on average, at least {@link #PANEL_WORTH} rows are let through of each panel that must
   * be read: a panel is read as a whole, so that with fewer the rows themselves are read sooner.
   */
  @Override
  public boolean suits(@Nullable RowFilter filter) {
    if (filter == null) {
      return true;
    }
    var bits = filter.bits();
    long enough = filter.count() / PANEL_WORTH;
    long live = 0;
    for (long at = 0; at < bits.byteSize() && live <= enough; at += Panels.ROWS / 8) {
      live += bits.get(ValueLayout.JAVA_SHORT, at) == 0 ? 0 : 1;
    }
    return live <= enough;
  }

  @Override
  public Pass pass(int count) {
    return new PanelPass(count);
  }

  private final class PanelPass implements Pass {
    private final float[][] originals;
    private final PanelBound.Query[] queries;
    private final boolean tiled;

    /** Coded queries: one object for all of them in tiles, else one for each. */
    private final PanelQuery[] coded;

    private @Nullable RowFilter filter;
    private MemorySegment allowed = MemorySegment.NULL;

    /** Number of starts; a scanner that has seen another number forgets what it kept. */
    private int starts;

    PanelPass(int count) {
      int d = shadow.rows().dimension();
      this.tiled = kernel.tileQueries() > 0 && count >= TILE_FROM;
      this.originals = new float[count][d];
      this.queries = new PanelBound.Query[count];
      this.coded = new PanelQuery[tiled ? 1 : count];
      var arena = Arena.ofAuto();
      var scratch = bound.newScratch();
      for (int q = 0; q < count; q++) {
        queries[q] = bound.newQuery(!tiled, scratch);
      }
      for (int i = 0; i < coded.length; i++) {
        coded[i] =
            tiled
                ? PanelQuery.tiles(arena, d, count, kernel.tileQueries())
                : PanelQuery.single(arena, d);
      }
    }

    @Override
    public void start(VectorSource given, @Nullable RowFilter only) {
      starts++;
      filter = only;
      allowed = only == null ? MemorySegment.NULL : only.bits();
      for (int q = 0; q < queries.length; q++) {
        given.block(q, 1).decodeRow(0, originals[q], 0);
        VectorDataException.requireFinite(given, q, originals[q]);
        queries[q].set(originals[q]);
        queries[q].putInto(coded[tiled ? 0 : q], tiled ? q : 0);
      }
    }

    @Override
    public void end() {
      filter = null;
      allowed = MemorySegment.NULL;
    }

    @Override
    public float[] query(int q) {
      return originals[q];
    }

    @Override
    public boolean bounded(int q) {
      return queries[q].bounded();
    }

    @Override
    public int blockRows() {
      // One query reads from memory, in streams half a block apart; others from the L2 cache.
      long blockBytes = queries.length == 1 ? 1 << 20 : 1 << 19;
      int most =
          STEP * Math.clamp(blockBytes * Panels.ROWS / (Panels.stride(groups) * STEP), 1, 64);
      return (int) Math.min(most, Math.max((shadow.rows().size() + STEP - 1) / STEP, 1) * STEP);
    }

    @Override
    public Scanner scanner() {
      if (!tiled) {
        return new SingleScanner(this);
      }
      int most = Math.max(TILE_HITS / queries.length / STEP, 1) * STEP;
      return new TileScanner(this, Math.min(most, blockRows()));
    }
  }

  /**
   * Base of both scanners: scans a block in steps, because thresholds tighten with the rows seen.
   */
  private abstract class PanelScanner implements Scanner {
    final PanelPass pass;
    final MemorySegment terms;
    final PanelHits hits;

    /** Rows scanned since the pass was started. */
    private long seen;

    private int starts;
    private long read;

    /** Most rows of a step, a multiple of {@link #STEP}. */
    private final int most;

    PanelScanner(PanelPass pass, int most, PanelHits hits) {
      this.pass = pass;
      this.terms = pass.coded[0].termsCopy(Arena.ofAuto());
      this.most = most;
      this.hits = hits;
    }

    @Override
    public final void start() {
      read = 0;
    }

    @Override
    public final long rowsRead() {
      return read;
    }

    @Override
    public final void scan(long first, int count, Candidates[] candidates) {
      if (starts != pass.starts) {
        starts = pass.starts;
        seen = 0;
      }
      var filter = pass.filter;
      int step;
      for (int at = 0; at < count; at += step) {
        if (filter != null && !filter.allowsAny(first + at, STEP)) {
          step = STEP;
          continue;
        }
        // Few at first, for all of them are hits; then each step doubles the rows seen.
        step = Math.min(Math.clamp(seen, STEP, most), count - at);
        if (step < count - at) {
          step -= step % STEP;
        }
        if (filter != null) {
          step = Math.min(step, stretch(filter, first + at, step));
        }
        int served = step(first + at, (step + Panels.ROWS - 1) / Panels.ROWS, candidates);
        read += served * (filter == null ? step : filter.count(first + at, step));
        seen += step;
      }
    }

    @Override
    public final void end(Candidates[] candidates) {}

    /**
     * Number of rows from {@code first} up to the next {@link #STEP} rows of which none is let
     * through.
     */
    private static int stretch(RowFilter filter, long first, int most) {
      int length = STEP;
      while (length < most && filter.allowsAny(first + length, STEP)) {
        length += STEP;
      }
      return length;
    }

    /**
     * Scans {@code count} panels from row {@code first} on.
     *
     * @return number of queries that they were scanned for
     */
    abstract int step(long first, int count, Candidates[] candidates);

    /** Offers a hit, unless its row only pads the last panel. */
    final void offer(
        Candidates candidates, PanelBound.Query query, long row, long product, long lowProduct) {
      if (row < shadow.rows().size()) {
        candidates.offer(
            row,
            query.estimate(product, lowProduct, shadow.scale(row), shadow.base(row)),
            query.error(shadow.residual(row), shadow.reach(row)));
      }
    }
  }

  /** Scanner for few queries: one after another, with two codes an element. */
  private final class SingleScanner extends PanelScanner {
    SingleScanner(PanelPass pass) {
      super(pass, pass.blockRows(), PanelHits.ofScan(Arena.ofAuto(), pass.blockRows()));
    }

    @Override
    int step(long first, int count, Candidates[] candidates) {
      long panel = first / Panels.ROWS;
      int served = 0;
      for (int q = 0; q < pass.queries.length; q++) {
        if (candidates[q].gaveUp()) {
          continue;
        }
        var query = pass.queries[q];
        var coded = pass.coded[q];
        coded.copyTerms(terms);
        PanelQuery.threshold(terms, 0, query.threshold(candidates[q].tau()));
        int n = kernel.scan(panels, panel, count, groups, coded, terms, pass.allowed, hits);
        for (int i = 0; i < n; i++) {
          offer(candidates[q], query, first + hits.row(i), hits.product(i), hits.lowProduct(i));
        }
        served++;
      }
      return served;
    }
  }

  /** Scanner for many queries: in tiles, with one code an element. */
  private final class TileScanner extends PanelScanner {
    TileScanner(PanelPass pass, int most) {
      super(pass, most, PanelHits.ofTile(Arena.ofAuto(), (long) most * pass.queries.length));
    }

    @Override
    int step(long first, int count, Candidates[] candidates) {
      long panel = first / Panels.ROWS;
      var coded = pass.coded[0];
      coded.copyTerms(terms);
      for (int q = 0; q < pass.queries.length; q++) {
        float threshold =
            candidates[q].gaveUp()
                ? Float.POSITIVE_INFINITY // nothing is wanted any more
                : pass.queries[q].threshold(candidates[q].tau());
        PanelQuery.threshold(terms, q, threshold);
      }
      int n = kernel.tile(panels, panel, count, groups, coded, terms, pass.allowed, hits);
      for (int i = 0; i < n; i++) {
        int q = hits.query(i);
        offer(candidates[q], pass.queries[q], first + hits.row(i), hits.product(i), 0);
      }
      return pass.queries.length;
    }
  }
}
