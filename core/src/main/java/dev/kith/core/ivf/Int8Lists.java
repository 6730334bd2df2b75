package dev.kith.core.ivf;

import dev.kith.core.exact.Candidates;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.PanelHits;
import dev.kith.core.kernel.PanelKernel;
import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Bound;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.quant.PanelBound;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
   * their codes are copied, four bytes at a time, out of those of the whole batch, which is a word
   * for each group of a query where multiplying takes a group for each row. Where nearly all
   * queries of the batch want a list, as when an exact answer is wanted of text, the tiles of all
   * are taken as they are, and a query that is missing gets a threshold that nothing reaches.
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

  /** Most tiles that are put together out of others. */
  private static final int MOST_TILES = 8;

  /** Most hits of a step of tiles, unless a single panel has more. */
  private static final int TILE_HITS = 1 << 16;

  /** One query in {@code WHOLE} may be missing where the tiles of all are taken as they are. */
  private static final int WHOLE = 4;

  private final Int8Shadow shadow;
  private final ListOrder order;
  private final long[] positions;

  private Int8Lists(Int8Shadow shadow, ListOrder order, long[] positions) {
    this.shadow = shadow;
    this.order = order;
    this.positions = positions;
  }

  /** Bytes of the codes of rows in that order. */
  static long bytes(VectorSource rows, ListOrder order) {
    return Int8Shadow.bytes(new ListedRows(rows, order, order.positions(Panels.ROWS)));
  }

  /** Codes all rows. */
  static Int8Lists encode(VectorSource rows, Metric metric, ListOrder order, BuildOptions options) {
    var positions = order.positions(Panels.ROWS);
    var listed = new ListedRows(rows, order, positions);
    var shadow = (Int8Shadow) Quantizer.INT8.encode(listed, metric, options);
    return new Int8Lists(shadow, order, positions);
  }

  /** Opens codes that were stored, in place; they must be as long as {@link #bytes} says. */
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
    public long bytes() {
      return 8L * shadow.rows().dimension();
    }

    @Override
    public boolean proves() {
      return true;
    }

    @Override
    public boolean random() {
      return false;
    }

    @Override
    public int bounds() {
      return 1;
    }

    @Override
    public int dimension() {
      return shadow.rows().dimension();
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
    public void start(VectorSource queries, Bound bound) {
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
    public void aim(int q, int nearest) {} // queries are coded when they are taken

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

    private int[] slots = {};
    private @Nullable MemorySegment tileTerms;
    private @Nullable PanelHits tileHits;

    PanelScanner(CodedQueries pass) {
      this.pass = pass;
    }

    @Override
    public void scan(
        int first,
        int end,
        int[] queries,
        int count,
        MemorySegment allowed,
        Candidates[] candidates) {
      var tiles = pass.tiles;
      if (tiles == null || count < TILE_FROM) {
        for (int i = 0; i < count; i++) {
          single(first, end, queries[i], allowed, candidates[queries[i]]);
        }
        return;
      }
      if (count * WHOLE >= tiles.count() * (WHOLE - 1)) {
        var slots = all(tiles.count());
        int n = 0;
        for (int q = 0; q < tiles.count(); q++) {
          slots[q] = n < count && queries[n] == q ? queries[n++] : -1;
        }
        if (n == count) { // they ascend
          tile(tiles, first, end, slots, 0, tiles.count(), allowed, candidates);
          return;
        }
      }
      int width = pass.kernel.tileQueries();
      int most = MOST_TILES * width;
      for (int at = 0; at < count; at += most) {
        int some = Math.min(most, count - at);
        var gathered = gathered((some + width - 1) / width);
        for (int i = 0; i < some; i++) {
          gathered.copy(tiles, queries[at + i], i);
        }
        tile(gathered, first, end, queries, at, some, allowed, candidates);
      }
    }

    private int panel(int list) {
      return (int) (positions[list] / Panels.ROWS);
    }

    private void single(int first, int end, int q, MemorySegment allowed, Candidates found) {
      var query = pass.alone[q];
      var coded = pass.coded[q];
      coded.copyTerms(terms);
      int from = panel(first);
      int count = panel(end) - from;
      int step;
      for (int at = 0; at < count && !found.gaveUp(); at += step) {
        double tau = found.tau();
        step = Math.min(step(at, tau, MOST_PANELS), count - at);
        PanelQuery.threshold(terms, 0, query.threshold(tau));
        int n =
            pass.kernel.scan(panels, from + at, step, shadow.groups(), coded, terms, allowed, hits);
        for (int i = 0; i < n; i++) {
          long position = (long) Panels.ROWS * (from + at) + hits.row(i);
          offer(found, query, first, end, position, hits.product(i), hits.lowProduct(i));
        }
      }
    }

    private static int step(int seen, double tau, int most) {
      return tau < Double.POSITIVE_INFINITY ? most : Math.min(Math.max(seen, STEP), most);
    }

    /**
     * Scans lists for the queries of a tile.
     *
     * @param slots number of the query in each slot of the tile, from {@code at} on, or -1 for one
     *     that is left out
     * @param some slots in use
     */
    private void tile(
        PanelQuery tile,
        int first,
        int end,
        int[] slots,
        int at,
        int some,
        MemorySegment allowed,
        Candidates[] candidates) {
      long bytes = (long) tile.count() * PanelQuery.TERM_BYTES;
      var own = tileTerms;
      var found = tileHits;
      if (own == null || own.byteSize() < bytes) {
        tileTerms = own = arena.allocate(bytes, 64);
      }
      if (found == null) {
        int least = Panels.ROWS * pass.tiled.length; // a panel for all queries
        tileHits = found = PanelHits.ofTile(arena, Math.max(TILE_HITS, least));
      }
      tile.copyTerms(own);
      for (int slot = 0; slot < tile.count(); slot++) {
        PanelQuery.threshold(own, slot, Float.POSITIVE_INFINITY); // which no sum reaches
      }
      int most = Math.clamp(TILE_HITS / (Panels.ROWS * tile.count()), 1, MOST_PANELS);
      int from = panel(first);
      int count = panel(end) - from;
      int step;
      for (int done = 0; done < count; done += step) {
        double loosest = 0;
        for (int slot = 0; slot < some; slot++) {
          int q = slots[at + slot];
          if (q >= 0) {
            double tau = candidates[q].tau();
            boolean out = candidates[q].gaveUp();
            loosest = out ? loosest : Math.max(loosest, tau);
            PanelQuery.threshold(
                own, slot, out ? Float.POSITIVE_INFINITY : pass.tiled[q].threshold(tau));
          }
        }
        step = Math.min(step(done, loosest, most), count - done);
        int n =
            pass.kernel.tile(panels, from + done, step, shadow.groups(), tile, own, allowed, found);
        for (int i = 0; i < n; i++) {
          int slot = found.query(i);
          int q = slot < some ? slots[at + slot] : -1;
          if (q >= 0) {
            long position = (long) Panels.ROWS * (from + done) + found.row(i);
            offer(candidates[q], pass.tiled[q], first, end, position, found.product(i), 0);
          }
        }
      }
    }

    private int[] all(int queries) {
      if (slots.length < queries) {
        slots = new int[queries];
      }
      return slots;
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

    /** Offers a hit, unless it only fills up a list's last panel. */
    private void offer(
        Candidates found,
        PanelBound.Query query,
        int first,
        int end,
        long position,
        long product,
        long low) {
      int list = first;
      if (end - first > 1) {
        int at = Arrays.binarySearch(positions, first, end, position);
        list = at >= 0 ? at : -at - 2;
      }
      int row = (int) (position - positions[list]);
      if (row < order.size(list)) {
        found.offer(
            order.row(order.first(list) + row),
            query.estimate(product, low, shadow.scale(position), shadow.base(position)),
            query.error(shadow.residual(position), shadow.reach(position)));
      }
    }
  }
}
