package dev.kith.db.store;

import dev.kith.core.search.Effort;
import dev.kith.db.CollectionStats;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers one query in some hundreds again, exactly, after its reply, and sees to it that the
 * recall which was asked for is kept. Judges answers that were approximate and for which a recall
 * was asked, over the segments that gave them. Safe for many threads.
 *
 * <h2>Implementation notes</h2>
 *
 * One thread judges, where no search is running or after a second, and never spends more than
 * {@link #SHARE} of the processor time that searches took: theirs is counted on the threads that
 * call, which leaves out what their helpers do, so that the share is kept for certain. (A virtual
 * thread has no such clock: its time is the wall's.) Few answers wait, since each holds its
 * segments' files, and none for longer than {@link #WAIT}.
 *
 * <p>If the interval of the queries since the last change lies below what they asked for, the share
 * that searches may miss is cut by what they missed too much, at once; then the indexes of the
 * segments measure themselves anew on the audited queries, at most once an hour, and the share is
 * as it was. Both are of this process: an opened collection begins with the curves of its files.
 */
final class Audits implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Audits.class.getName());

  /** Most of the searches' processor time that audits take. */
  static final double SHARE = 0.03;

  /** The fewest queries that say that a recall is not kept, and by which a curve is measured. */
  static final int LEAST_QUERIES = 20;

  private static final int MOST_WAITING = 4;
  private static final int MOST_QUERIES = 256;
  private static final double LEAST_FACTOR = 1.0 / 64;
  private static final long WAIT = TimeUnit.MINUTES.toNanos(1);
  private static final long SLOT = TimeUnit.MINUTES.toNanos(1);
  private static final int SLOTS = 60;
  private static final long HOUR = SLOTS * SLOT;
  private static final int IDLE_STEPS = 1000;

  private final String collection;
  private final long every;
  private final boolean background;
  private final LongSupplier cost;
  private final LongSupplier clock;
  private final AuditBudget budget = new AuditBudget(SHARE);
  private final AtomicLong asked = new AtomicLong();
  private final AtomicInteger running = new AtomicInteger();
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final Map<String, Field> fields = new HashMap<>();
  private @Nullable Thread thread;
  private boolean closed;

  /** An answer that can be judged until it is closed. */
  interface Answer extends AutoCloseable {
    /** The name of the vectors. */
    String vector();

    /** The recall that was asked for. */
    double asked();

    /** The query, {@code [d]}. */
    float[] query();

    /** Points of the exact answer. */
    int size();

    /** Searches exactly, and says what share of that answer had been found. */
    double recall() throws IOException;

    /**
     * Lets the indexes that gave the answer measure their recall anew on these queries.
     *
     * @return how many did; others cannot
     */
    int calibrate(List<float[]> queries) throws IOException;

    @Override
    void close();
  }

  private record Waiting(Answer answer, long since) {}

  /** What is known of the vectors of one name; guarded by the audits' lock. */
  private static final class Field {
    final ArrayDeque<Minute> hour = new ArrayDeque<>();
    final ArrayDeque<float[]> queries = new ArrayDeque<>();
    AuditSum sinceChange = AuditSum.NONE;
    long calibratedAt;
    boolean calibrated;

    /** What searches may miss, as a part of what they are allowed to; read without the lock. */
    volatile double factor = 1;
  }

  private record Minute(long number, AuditSum sum) {}

  /**
   * Of the queries to a collection.
   *
   * @param every one of that number is audited; 0 is none
   */
  Audits(String collection, long every) {
    this(collection, every, true, Audits::processorTime, System::nanoTime);
  }

  /** The same with clocks, and a thread or none. */
  Audits(String collection, long every, boolean background, LongSupplier cost, LongSupplier clock) {
    this.collection = collection;
    this.every = every;
    this.background = background;
    this.cost = cost;
    this.clock = clock;
  }

  private static long processorTime() {
    return Thread.currentThread().isVirtual()
        ? System.nanoTime()
        : ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** How hard a search must try that asks for that: harder where its recall was not kept. */
  Effort effort(String vector, Effort effort) {
    if (every > 0 && effort instanceof Effort.Recall(double target) && target < 1) {
      Field field;
      synchronized (this) {
        field = fields.get(vector);
      }
      if (field != null && field.factor < 1) {
        return new Effort.Recall(1 - (1 - target) * field.factor);
      }
    }
    return effort;
  }

  /** Begins an approximate search; what it gives is handed to {@link #ended} in any case. */
  long begun() {
    if (every == 0) {
      return 0;
    }
    running.incrementAndGet();
    return cost.getAsLong();
  }

  /** Ends a search. */
  void ended(long begun) {
    if (every > 0) {
      budget.searched(cost.getAsLong() - begun);
      running.decrementAndGet();
    }
  }

  /** Whether the next query's answer is to be audited. */
  boolean isDue() {
    return every > 0 && asked.incrementAndGet() % every == 0;
  }

  /** Takes an answer over, to be judged or not, and closed. */
  void take(Answer answer) {
    Waiting left = null;
    synchronized (this) {
      if (closed) {
        left = new Waiting(answer, 0);
      } else {
        waiting.add(new Waiting(answer, clock.getAsLong()));
        if (waiting.size() > MOST_WAITING) {
          left = waiting.remove();
        }
        begin();
        notifyAll();
      }
    }
    if (left != null) {
      left.answer.close();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // audits are to come after what is asked for
  private void begin() {
    if (background && thread == null) {
      var auditor = Thread.ofPlatform().daemon().name("kith-audit").unstarted(this::run);
      auditor.setPriority(Thread.MIN_PRIORITY);
      auditor.start();
      thread = auditor;
    }
  }

  private void run() {
    try {
      while (awaitAnswer()) {
        for (int step = 0; running.get() > 0 && step < IDLE_STEPS; step++) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
        judgeNext();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does, but it would mean the end
    }
  }

  /** Waits for an answer that may be judged; false if there will be none. */
  private synchronized boolean awaitAnswer() throws InterruptedException {
    while (!closed && (waiting.isEmpty() || !budget.allows())) {
      dropOld();
      wait(waiting.isEmpty() ? 0 : 100);
    }
    return !closed;
  }

  private void dropOld() {
    long now = clock.getAsLong();
    for (var first = waiting.peek();
        first != null && now - first.since > WAIT;
        first = waiting.peek()) {
      waiting.remove();
      first.answer.close();
    }
  }

  /** Judges the answer that waits longest, if there is one and the budget allows it. */
  boolean judgeNext() {
    Waiting next;
    synchronized (this) {
      next = closed || !budget.allows() ? null : waiting.poll();
    }
    if (next == null) {
      return false;
    }
    try (var answer = next.answer) {
      long begun = cost.getAsLong();
      double recall;
      try {
        recall = answer.recall();
      } finally {
        budget.audited(cost.getAsLong() - begun);
      }
      if (count(answer, recall)) {
        calibrate(answer);
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.WARNING, "an answer of collection " + collection + " was not audited", e);
    }
    return true;
  }

  /** Counts an audit; whether curves are to be measured anew. */
  private synchronized boolean count(Answer answer, double recall) {
    var field = fields.computeIfAbsent(answer.vector(), _ -> new Field());
    long minute = Math.floorDiv(clock.getAsLong(), SLOT);
    var last = field.hour.peekLast();
    var sum = last != null && last.number == minute ? last.sum : AuditSum.NONE;
    if (last != null && last.number == minute) {
      field.hour.removeLast();
    }
    field.hour.add(new Minute(minute, sum.with(recall, answer.asked(), answer.size())));
    field.sinceChange = field.sinceChange.with(recall, answer.asked(), answer.size());
    field.queries.add(answer.query());
    if (field.queries.size() > MOST_QUERIES) {
      field.queries.remove();
    }
    var event = new Events.Audit();
    event.vector = answer.vector();
    event.asked = answer.asked();
    event.recall = recall;
    event.commit();
    var found = field.sinceChange;
    if (found.queries() < LEAST_QUERIES || found.high() >= found.meanAsked()) {
      return false;
    }
    double was = field.factor;
    field.factor = Math.max(was * (1 - found.meanAsked()) / (1 - found.mean()), LEAST_FACTOR);
    field.sinceChange = AuditSum.NONE;
    LOG.log(
        Level.WARNING,
        "the recall of vectors {0} of {1} was below what was asked, so searches may miss less:"
            + " asked={2}, found={3}, interval={4} to {5}, queries={6}, missed part was={7},"
            + " is={8}",
        answer.vector(),
        collection,
        text(found.meanAsked()),
        text(found.mean()),
        text(found.low()),
        text(found.high()),
        found.queries(),
        text(was),
        text(field.factor));
    return !field.calibrated || clock.getAsLong() - field.calibratedAt >= HOUR;
  }

  private static String text(double share) {
    return "%.4f".formatted(share);
  }

  private void calibrate(Answer answer) throws IOException {
    List<float[]> queries;
    synchronized (this) {
      queries = List.copyOf(fields.computeIfAbsent(answer.vector(), _ -> new Field()).queries);
    }
    long start = clock.getAsLong();
    int measured = answer.calibrate(queries);
    if (measured == 0) {
      return; // they go on missing less
    }
    synchronized (this) {
      var field = fields.computeIfAbsent(answer.vector(), _ -> new Field());
      field.factor = 1;
      field.sinceChange = AuditSum.NONE;
      field.calibrated = true;
      field.calibratedAt = clock.getAsLong();
    }
    LOG.log(
        Level.INFO,
        "the indexes of vectors {0} of {1} measured their recall anew: indexes={2}, queries={3},"
            + " ms={4}",
        answer.vector(),
        collection,
        measured,
        queries.size(),
        (clock.getAsLong() - start) / 1_000_000);
  }

  /** What the audits of the last hour found of vectors of that name, or null if there were none. */
  synchronized CollectionStats.@Nullable Audit lastHour(String vector) {
    var field = fields.get(vector);
    if (field == null) {
      return null;
    }
    long now = Math.floorDiv(clock.getAsLong(), SLOT);
    field.hour.removeIf(minute -> now - minute.number >= SLOTS);
    var sum = field.hour.stream().map(Minute::sum).reduce(AuditSum.NONE, AuditSum::plus);
    return sum.queries() == 0 ? null : sum.stats();
  }

  /** Ends audits; what waits is let go. */
  @Override
  public void close() {
    List<Waiting> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(waiting);
      waiting.clear();
      notifyAll();
    }
    left.forEach(one -> one.answer.close());
  }
}
