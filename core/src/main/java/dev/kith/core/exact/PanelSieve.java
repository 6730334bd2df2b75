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

/** Excludes rows by integer products with an int8 shadow. */
final class PanelSieve implements Sieve {
  /** Hits of a tile that there is room for, so that they stay in the caches. */
  private static final int TILE_HITS = 1 << 18;

  /** From this many queries on, a tile that is not full costs less than scans (measured). */
  private static final int TILE_FROM = 4;

  /** So many rows cost as much as their panel (measured: docs/results/filtered-scan.md). */
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

  /** A panel is read as a whole: with few rows of each, the rows themselves are sooner read. */
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

    /** For tiles one that holds all queries, else one for each. */
    private final PanelQuery[] coded;

    private @Nullable RowFilter filter;
    private MemorySegment allowed = MemorySegment.NULL;

    /** How often it was started. */
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

  /** What both scanners share: blocks in steps, for thresholds draw closer with the rows seen. */
  private abstract class PanelScanner implements Scanner {
    final PanelPass pass;
    final MemorySegment terms;
    final PanelHits hits;

    /** Rows since the pass was started. */
    private long seen;

    private int starts;
    private long read;

    /** Rows of a step, a multiple of {@link #STEP}. */
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
        // At first few, for all of them are hits; then as many again as were seen.
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

    /** Rows up to the first {@link #STEP} of which none is let through. */
    private static int stretch(RowFilter filter, long first, int most) {
      int length = STEP;
      while (length < most && filter.allowsAny(first + length, STEP)) {
        length += STEP;
      }
      return length;
    }

    /**
     * Scans panels from row {@code first} on.
     *
     * @return for how many queries
     */
    abstract int step(long first, int count, Candidates[] candidates);

    /** Rows that only fill up the last panel are not offered. */
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

  /** Few queries: each is scanned with two codes an element. */
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

  /** Many queries: tiles of them, with one code an element. */
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
