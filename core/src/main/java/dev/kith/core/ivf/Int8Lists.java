package dev.kith.core.ivf;

import dev.kith.core.exact.Candidates;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.PanelHits;
import dev.kith.core.kernel.PanelKernel;
import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.quant.PanelBound;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Int8 codes of lists: the panels of an int8 shadow whose rows are those of the lists. */
final class Int8Lists implements ListCodes {
  /*
   * Implementation notes
   *
   * The codes are an int8 shadow of ListedRows: the same panels, terms, bounds and loops as in a
   * flat index [1], with a list beginning at a panel of its own. What fills up a list's last panel
   * are copies of its last row; their hits are past the list's size and are left out.
   *
   * Few queries of a list are scanned one by one with two codes an element, several as a tile with
   * one, as PanelSieve does and for its reasons. A tile is made of the queries that probe the list:
   * their codes are copied, four bytes at a time, out of those of the whole batch. That is a
   * hundredth of what multiplying them costs for a list of a hundred rows.
   *
   * Steps. The first list that a query reads has no threshold yet and may be long: thresholds are
   * set anew after STEP rows, then after twice the rows seen.
   *
   * [1] docs/formats/shadow.md, docs/exactness.md, section 4
   */

  /** Number of this kind in files. */
  static final int KIND = 1;

  /** Panels of the first step of a list. */
  private static final int STEP = 4;

  /** Most panels of a step. */
  private static final int MOST_PANELS = 32;

  /** Least number of queries for which a tile that is not full costs less than scans. */
  private static final int TILE_FROM = 4;

  /** Most tiles that are multiplied with the panels of a step at once. */
  private static final int MOST_TILES = 8;

  private final Int8Shadow shadow;
  private final ListOrder order;
  private final long[] positions;

  private Int8Lists(Int8Shadow shadow, ListOrder order, long[] positions) {
    this.shadow = shadow;
    this.order = order;
    this.positions = positions;
  }

  /** Codes all rows. */
  static Int8Lists encode(VectorSource rows, Metric metric, ListOrder order, BuildOptions options) {
    var positions = order.positions(Panels.ROWS);
    var listed = new ListedRows(rows, order, positions);
    var shadow = (Int8Shadow) Quantizer.INT8.encode(listed, metric, options);
    return new Int8Lists(shadow, order, positions);
  }

  /** Opens codes that were stored, in place; only their length is checked. */
  static Int8Lists over(MemorySegment body, VectorSource rows, Metric metric, ListOrder order) {
    var positions = order.positions(Panels.ROWS);
    var listed = new ListedRows(rows, order, positions);
    var shadow = (Int8Shadow) Quantizer.INT8.over(body, listed, metric);
    return new Int8Lists(shadow, order, positions);
  }

  @Override
  public int kind() {
    return KIND;
  }

  @Override
  public MemorySegment body() {
    return shadow.body();
  }

  @Override
  public long[] positions() {
    return positions;
  }

  @Override
  public long firstDifference() {
    return shadow.firstDifference();
  }

  @Override
  public Sieve sieve(Kernels kernels) {
    return new PanelsOfLists(kernels.panels());
  }

  private final class PanelsOfLists implements Sieve {
    private final PanelKernel kernel;

    PanelsOfLists(PanelKernel kernel) {
      this.kernel = kernel;
    }

    @Override
    public String bound() {
      return shadow.quantizer().name();
    }

    @Override
    public Pass pass(int count) {
      return new CodedQueries(kernel, count);
    }
  }

  /** Queries with two codes an element each, and together with one code where there are tiles. */
  private final class CodedQueries implements Pass {
    final PanelKernel kernel;
    final float[][] originals;
    final PanelBound.Query[] alone;
    final PanelQuery[] coded;
    final PanelBound.Query[] tiled;
    final @Nullable PanelQuery tiles;

    CodedQueries(PanelKernel kernel, int count) {
      int d = shadow.rows().dimension();
      boolean inTiles = kernel.tileQueries() > 0 && count >= TILE_FROM;
      var arena = Arena.ofAuto();
      var scratch = shadow.bound().newScratch();
      this.kernel = kernel;
      this.originals = new float[count][d];
      this.alone = new PanelBound.Query[count];
      this.coded = new PanelQuery[count];
      this.tiled = new PanelBound.Query[inTiles ? count : 0];
      this.tiles = inTiles ? PanelQuery.tiles(arena, d, count, kernel.tileQueries()) : null;
      for (int q = 0; q < count; q++) {
        alone[q] = shadow.bound().newQuery(true, scratch);
        coded[q] = PanelQuery.single(arena, d);
        if (inTiles) {
          tiled[q] = shadow.bound().newQuery(false, scratch);
        }
      }
    }

    @Override
    public void start(VectorSource queries) {
      for (int q = 0; q < originals.length; q++) {
        queries.block(q, 1).decodeRow(0, originals[q], 0);
        alone[q].set(originals[q]);
        alone[q].putInto(coded[q], 0);
        if (tiles != null) {
          tiled[q].set(originals[q]);
          tiled[q].putInto(tiles, q);
        }
      }
    }

    @Override
    public float[] query(int q) {
      return originals[q];
    }

    @Override
    public boolean bounded(int q) {
      return alone[q].bounded() && (tiles == null || tiled[q].bounded());
    }

    @Override
    public Scanner scanner() {
      return new PanelScanner(this);
    }
  }

  private final class PanelScanner implements Scanner {
    private final CodedQueries pass;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment panels = shadow.panels();
    private final MemorySegment terms = arena.allocate(PanelQuery.TERM_BYTES, 64);
    private final PanelHits hits = PanelHits.ofScan(arena, (long) MOST_PANELS * Panels.ROWS);

    /** Room for queries that are multiplied together, by the number of their tiles less 1. */
    private final @Nullable PanelQuery[] packed = new PanelQuery[MOST_TILES];

    private @Nullable MemorySegment tileTerms;
    private @Nullable PanelHits tileHits;

    PanelScanner(CodedQueries pass) {
      this.pass = pass;
    }

    @Override
    public void scan(
        int list, int[] queries, int count, MemorySegment allowed, Candidates[] candidates) {
      var tiles = pass.tiles;
      if (tiles == null || count < TILE_FROM) {
        for (int i = 0; i < count; i++) {
          single(list, queries[i], allowed, candidates[queries[i]]);
        }
        return;
      }
      int most = MOST_TILES * pass.kernel.tileQueries();
      for (int at = 0; at < count; at += most) {
        tile(tiles, list, queries, at, Math.min(most, count - at), allowed, candidates);
      }
    }

    private int panelsOf(int list) {
      return (int) ((positions[list + 1] - positions[list]) / Panels.ROWS);
    }

    private void single(int list, int q, MemorySegment allowed, Candidates found) {
      var query = pass.alone[q];
      var coded = pass.coded[q];
      coded.copyTerms(terms);
      long first = positions[list] / Panels.ROWS;
      int count = panelsOf(list);
      int step;
      for (int at = 0; at < count && !found.gaveUp(); at += step) {
        step = Math.min(step(at, found.tau()), count - at);
        PanelQuery.threshold(terms, 0, query.threshold(found.tau()));
        int n =
            pass.kernel.scan(
                panels, first + at, step, shadow.groups(), coded, terms, allowed, hits);
        for (int i = 0; i < n; i++) {
          int row = at * Panels.ROWS + hits.row(i);
          offer(found, query, list, row, hits.product(i), hits.lowProduct(i));
        }
      }
    }

    private static int step(int seen, double tau) {
      return tau < Double.POSITIVE_INFINITY ? MOST_PANELS : Math.clamp(seen, STEP, MOST_PANELS);
    }

    private void tile(
        PanelQuery all,
        int list,
        int[] queries,
        int from,
        int some,
        MemorySegment allowed,
        Candidates[] candidates) {
      int width = pass.kernel.tileQueries();
      int tiles = (some + width - 1) / width;
      var gathered = gathered(tiles);
      for (int i = 0; i < some; i++) {
        gathered.copy(all, queries[from + i], i);
      }
      var ownTerms = tileTerms;
      var found = tileHits;
      if (ownTerms == null || found == null) {
        int most = MOST_TILES * width;
        tileTerms = ownTerms = arena.allocate((long) most * PanelQuery.TERM_BYTES, 64);
        tileHits = found = PanelHits.ofTile(arena, (long) MOST_PANELS * Panels.ROWS * most);
      }
      gathered.copyTerms(ownTerms);
      for (int i = some; i < tiles * width; i++) {
        PanelQuery.threshold(ownTerms, i, Float.POSITIVE_INFINITY); // which no sum reaches
      }
      long first = positions[list] / Panels.ROWS;
      int count = panelsOf(list);
      int step;
      for (int at = 0; at < count; at += step) {
        double loosest = 0;
        for (int i = 0; i < some; i++) {
          int q = queries[from + i];
          double tau = candidates[q].tau();
          loosest = Math.max(loosest, tau);
          PanelQuery.threshold(
              ownTerms,
              i,
              candidates[q].gaveUp() ? Float.POSITIVE_INFINITY : pass.tiled[q].threshold(tau));
        }
        step = Math.min(step(at, loosest), count - at);
        int n =
            pass.kernel.tile(
                panels, first + at, step, shadow.groups(), gathered, ownTerms, allowed, found);
        for (int i = 0; i < n; i++) {
          int slot = found.query(i);
          if (slot < some) {
            int q = queries[from + slot];
            int row = at * Panels.ROWS + found.row(i);
            offer(candidates[q], pass.tiled[q], list, row, found.product(i), 0);
          }
        }
      }
    }

    private PanelQuery gathered(int tiles) {
      var known = packed[tiles - 1];
      if (known == null) {
        int width = pass.kernel.tileQueries();
        known = PanelQuery.tiles(arena, shadow.rows().dimension(), tiles * width, width);
        packed[tiles - 1] = known;
      }
      return known;
    }

    /** Offers a hit, unless it only fills up the list's last panel. */
    private void offer(
        Candidates found, PanelBound.Query query, int list, int row, long product, long low) {
      if (row < order.size(list)) {
        long position = positions[list] + row;
        found.offer(
            order.row(order.first(list) + row),
            query.estimate(product, low, shadow.scale(position), shadow.base(position)),
            query.error(shadow.residual(position), shadow.reach(position)));
      }
    }
  }
}
