package dev.kith.db.store;

/**
 * What audits may cost: a share of what searches cost. Counts nanoseconds of processors, or
 * whatever its user counts. An audit is begun when the last one's cost is there, and what it takes
 * more than was there is owed by the next. Safe for many threads.
 */
final class AuditBudget {
  private final double share;
  private double earned;
  private double spent;
  private double last;

  /** Of that share of searches' costs. */
  AuditBudget(double share) {
    this.share = share;
  }

  /** Counts a search. */
  synchronized void searched(long cost) {
    earned += share * cost;
  }

  /** Whether an audit like the last one may be done. */
  synchronized boolean allows() {
    return earned > 0 && earned - spent >= last;
  }

  /** Counts an audit. */
  synchronized void audited(long cost) {
    spent += cost;
    last = cost;
  }
}
