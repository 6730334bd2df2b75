package dev.kith.core.exact;

import dev.kith.core.search.Limit;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorDataException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows that one worker could not yet exclude for one query. A row stays while the lower bound
 * of its key is at most the {@code k}-th smallest upper bound seen.
 *
 * <p>If the bounds exclude too little, so that the list would outgrow its limit, there are two ways
 * on. With a rescorer its rows are settled: their canonical keys are computed at once and only the
 * {@code k} best are kept, so memory stays in proportion to {@code k}. Without one the list gives
 * up: it takes nothing more, and somebody else must answer the query.
 *
 * <p>One object serves many queries, one after another; see {@link #start}.
 */
public final class Candidates {
  private final TopK uppers = new TopK(1);
  private final TopK settled = new TopK(1);
  private double[] lowers = new double[32];
  private long[] rows = new long[32];
  private int size;
  private int limit;
  private int k;
  private float[] query = {};
  private boolean settles;
  private boolean gaveUp;
  private final Rescorer rescorer;

  /** Limit shared with the searches whose answers are merged with this one's, or null. */
  private @Nullable Limit shared;

  private int sharedQuery;
  private boolean gives;
  private double given;

  /** Rows that were checked although a guess had bounded their key too high, and their keys. */
  private long[] overruled = {};

  private double[] overruledKeys = {};
  private int overruledCount;
  private long checked;
  private double[] keys = {};

  /** Creates an empty list, whose rows {@code rescorer} settles. */
  public Candidates(Rescorer rescorer) {
    this.rescorer = rescorer;
  }

  /**
   * Starts a query with an empty list.
   *
   * @param newLimit length from which on the list settles or gives up
   * @param newSettles whether a full list settles; if not, it gives up
   */
  public void start(float[] newQuery, int k, int newLimit, boolean newSettles) {
    query = newQuery;
    limit = newLimit;
    this.k = k;
    settles = newSettles;
    uppers.reset(k);
    settled.reset(k);
    size = 0;
    gaveUp = false;
    shared = null;
    overruledCount = 0;
    checked = 0;
  }

  /**
   * Excludes from now on also the rows above {@code limit}.
   *
   * @param query number of this query in {@code limit}
   * @param mayGive whether {@code k} rows found here lower the limit
   */
  public void share(@Nullable Limit limit, int query, boolean mayGive) {
    shared = limit;
    sharedQuery = query;
    gives = mayGive;
    given = Double.POSITIVE_INFINITY;
  }

  /** Lowers the shared limit, if there is one, to the {@code k}-th smallest bound found here. */
  public void publish() {
    if (shared != null && gives) {
      double own = own();
      if (own < given) {
        given = own;
        shared.offer(sharedQuery, own);
      }
    }
  }

  /** Gives up: drops all rows and takes no more. */
  public void giveUp() {
    gaveUp = true;
    size = 0;
  }

  /** Whether it gave up. */
  public boolean gaveUp() {
    return gaveUp;
  }

  /** Key above which no row belongs to the answer. */
  public double tau() {
    return shared == null ? own() : Math.min(own(), shared.key(sharedQuery));
  }

  private double own() {
    return Math.min(uppers.bound(), settled.bound());
  }

  /** Number of rows that are still to be known before any is excluded by those found here. */
  public int wanted() {
    return Math.max(1, k - settled.size());
  }

  /** Number of rows that wait, not yet settled. */
  int size() {
    return size;
  }

  /**
   * Takes a row unless it is excluded. Its key lies within {@code error} of {@code estimate}; one
   * of the two is infinite or NaN if nothing is known.
   */
  public void offer(long row, double estimate, double error) {
    if (gaveUp) {
      return;
    }
    double lower = Double.NEGATIVE_INFINITY;
    // False also for a NaN estimate, from a row that is not finite: then nothing is known.
    if (error < Double.POSITIVE_INFINITY && Math.abs(estimate) < Double.POSITIVE_INFINITY) {
      lower = estimate - error;
      if (lower > tau()) {
        return;
      }
      uppers.offer(estimate + error, row);
    }
    if (size == rows.length) {
      compact();
      if (gaveUp) {
        return;
      }
    }
    lowers[size] = lower;
    rows[size++] = row;
  }

  /**
   * Takes rows by their canonical keys, which are computed at once. A row counts as no nearer than
   * its lower bound says: where that is a guess and turns out wrong, the row is ranked by the
   * guess, so that what is found does not depend on the order in which rows come.
   *
   * @param some rows to take, of which none is above {@link #tau} by its lower bound
   * @param lowerBounds of their keys
   * @param proved whether the bounds are certain: a key below one is then an error
   * @throws VectorDataException if a key contradicts a certain bound
   */
  public void check(int[] some, double[] lowerBounds, int count, boolean proved) {
    if (gaveUp) {
      return;
    }
    checked += count;
    if (!settles && checked > limit) {
      giveUp();
      return;
    }
    if (keys.length < count) {
      keys = new double[count];
    }
    rescorer.keys(query, some, count, keys);
    for (int i = 0; i < count; i++) {
      double key = keys[i];
      double lower = lowerBounds[i];
      if (key < lower) {
        if (proved) {
          throw rescorer.contradiction(some[i], lower, key);
        }
        overrule(some[i], key);
        key = lower;
      }
      settled.offer(key, some[i]);
    }
  }

  private void overrule(long row, double key) {
    if (overruledCount == overruled.length) {
      int grown = Math.max(8, 2 * overruledCount);
      overruled = Arrays.copyOf(overruled, grown);
      overruledKeys = Arrays.copyOf(overruledKeys, grown);
    }
    overruled[overruledCount] = row;
    overruledKeys[overruledCount++] = key;
  }

  /** The canonical key of a row that was ranked by {@code rank}. */
  double keyOf(long row, double rank) {
    for (int i = 0; i < overruledCount; i++) {
      if (overruled[i] == row) {
        return overruledKeys[i];
      }
    }
    return rank;
  }

  /** Whether a row was ranked by a guess. */
  boolean overruled() {
    return overruledCount > 0;
  }

  /**
   * Drops rows that have been excluded since; if that does not free half of the list, grows it,
   * settles it or gives up.
   */
  private void compact() {
    int kept = 0;
    double tau = tau();
    for (int i = 0; i < size; i++) {
      if (lowers[i] <= tau) {
        lowers[kept] = lowers[i];
        rows[kept++] = rows[i];
      }
    }
    size = kept;
    if (size <= rows.length / 2) {
      return;
    }
    if (size < limit) {
      lowers = Arrays.copyOf(lowers, 2 * lowers.length);
      rows = Arrays.copyOf(rows, 2 * rows.length);
    } else if (settles) {
      settle();
    } else {
      giveUp();
    }
  }

  private void settle() {
    for (int i = 0; i < size; i++) {
      settled.offer(rescorer.key(query, rows[i]), rows[i]);
    }
    size = 0;
  }

  /** Hands over the settled rows, keyed by canonical key. */
  void settledTo(TopK best) {
    settled.copyTo(best);
  }

  /** Hands over the waiting rows that {@code tau} does not exclude, keyed by lower bound. */
  void waitingTo(TopK order, double tau) {
    for (int i = 0; i < size; i++) {
      if (lowers[i] <= tau) {
        order.offer(lowers[i], rows[i]);
      }
    }
  }
}
