package dev.kith.core.graph;

import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorSource;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a live graph knows of its recall: the curve that was measured last, and what has changed
 * since. Safe for many threads.
 */
final class LiveCurve {
  /** Share of the rows, one in {@code SHARE}, after whose change a curve is measured again. */
  private static final int SHARE = 4;

  /** Changes below which none is measured again. */
  private static final int LEAST = 256;

  private final AtomicLong changes = new AtomicLong();
  private final AtomicLong strayed = new AtomicLong();
  private volatile Fit fit;
  private volatile @Nullable VectorSource asked;

  /**
   * A curve, and when it was measured.
   *
   * @param size rows that there were
   * @param changes that there had been
   * @param strayed rows that had strayed
   */
  private record Fit(RecallCurve curve, int size, long changes, long strayed) {}

  LiveCurve(RecallCurve curve, int size) {
    this.fit = new Fit(curve, size, 0, 0);
  }

  /** Moment at which a curve is measured. */
  record Moment(long changes, long strayed) {}

  Moment now() {
    return new Moment(changes.get(), strayed.get());
  }

  /** Sets the curve that was measured at a moment, of {@code size} rows. */
  void set(RecallCurve curve, int size, Moment at) {
    fit = new Fit(curve, size, at.changes, at.strayed);
  }

  RecallCurve curve() {
    return fit.curve;
  }

  /** Sets queries that curves are measured on from now on, or null for rows. */
  void ask(@Nullable VectorSource queries) {
    asked = queries;
  }

  /** Queries that curves are measured on, or null for rows. */
  @Nullable VectorSource asked() {
    return asked;
  }

  /** Counts an insertion or a deletion. */
  void change() {
    changes.incrementAndGet();
  }

  /** Counts a row that the codes suit badly. */
  void stray() {
    strayed.incrementAndGet();
  }

  /** Number of rows that have strayed since the codes were fitted. */
  long strayed() {
    return strayed.get();
  }

  /** Counts stray rows from zero, for the codes are fitted anew. */
  void refitted() {
    strayed.set(0);
  }

  /** Whether so much has changed that the curve should be measured again. */
  boolean due() {
    var now = fit;
    return changes.get() - now.changes >= Math.max(LEAST, now.size / SHARE);
  }

  /** Plan of a search of {@code size} rows, or null if only the exact answer is good enough. */
  @Nullable WalkPlan plan(SearchOptions options, GraphSpec spec, int size) {
    var now = fit;
    var wear =
        new Wear(
            (changes.get() - now.changes) / (double) Math.max(now.size, 1),
            Math.max(0, strayed.get() - now.strayed) / (double) Math.max(size, 1));
    return WalkPlan.of(options, now.curve, wear, spec);
  }
}
