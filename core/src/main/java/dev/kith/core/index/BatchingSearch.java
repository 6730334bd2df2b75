package dev.kith.core.index;

import dev.kith.core.search.Limit;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Serves single queries of many threads together, for a search that answers many for little more
 * than the price of one. The answers are those of the search behind it. Safe for many threads,
 * virtual ones included: a waiting caller is parked.
 *
 * <p><b>Order.</b> While fewer than {@code parallel} batches run, a caller runs its query at once,
 * in its own thread: a lone query never waits. Otherwise the query is queued. When a batch ends,
 * the caller queued longest leads the next one: it takes along the queued queries that go with its
 * own, oldest first, at most {@code maxBatch} in all, and runs them as one search. A query that has
 * been queued for {@code latencyBound} is started likewise by its own thread, whatever else runs.
 * At most {@code maxQueued} queries are queued; further callers wait for room, in their order. A
 * call with several queries, or none, goes straight to the search and counts for nothing here.
 *
 * <p><b>Batches.</b> Queries go together if k, threads, backend, effort and filter are equal, the
 * filter by identity. Deadline, cancellation and limit stay each caller's own:
 *
 * <ul>
 *   <li>a caller that waits, in the queue, for room, or for the batch that took its query along,
 *       leaves when its deadline passes, counted from its call, or within some 10 ms of being
 *       cancelled; the batch goes on for the others;
 *   <li>a caller that runs a batch can leave only by ending it: each of the others then searches by
 *       itself;
 *   <li>a limit excludes rows for its caller's query alone, as it was when the batch began, and is
 *       lowered by the caller's answer.
 * </ul>
 *
 * <p><b>Failures.</b> A query of another dimension or with a NaN, or a filter of another size, is
 * refused before it is queued. After a batch has failed, each of its callers searches by itself, in
 * its own thread, and meets only failures that concern it.
 *
 * <p><b>Interrupts</b> stop nothing, as in any exact search; the thread's flag is set on return.
 *
 * <p><b>Reports.</b> {@code batched} is the number of queries served together. Work is counted for
 * the batch: each query gets an equal share, the first ones what is left over, so that the shares
 * add up to what was counted. The rest, {@code bounds} included, is the batch's.
 */
public final class BatchingSearch implements Searcher {
  /*
   * Implementation notes
   *
   * No thread of its own. The textbook's batcher collects queries in a thread and waits a little
   * for more; a lone query would then pay two switches of threads and the wait, and the thread
   * would have to be stopped. Here a caller leads, as in flat combining [1]: it takes along what
   * others have queued and works for them while they are parked. A lone query pays one lock.
   *
   * Turns are handed over, not released. A batch that ends makes the oldest queued caller the
   * leader before it lets go of the lock, so that no newcomer starts before queued ones and nobody
   * is passed over, whatever options it has [2]. The leader gathers when it wakes, not when it is
   * made leader: what arrives meanwhile still joins. Late starts may run beside `parallel` batches,
   * for latencyBound bounds waiting and not work.
   *
   * Counter and lines change under one lock, which is held for list operations only, never during a
   * search. A caller's state is written under the lock, except for its end, which the leader of its
   * batch writes; the caller parks on it alone. Lines are linked through the callers themselves, so
   * that one in the middle leaves at the same cost as the first.
   *
   * Queries are copied when they are queued: their memory may be confined to the caller's thread,
   * or closed by a caller that leaves early. A leader copies them again, side by side, into memory
   * that batches reuse, unless one failed: its search may still be reading.
   *
   * [1] D. Hendler, I. Incze, N. Shavit, M. Tzafrir: Flat Combining and the
   *     Synchronization-Parallelism Tradeoff, SPAA 2010
   * [2] docs/decisions/0017-batching.md, docs/results/batching.md
   */

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Most batches whose memory is kept. */
  private static final int IDLE = 4;

  private final Searcher search;
  private final VectorSource rows;
  private final BatchingOptions limits;
  private final long latencyNanos;

  private final ReentrantLock lock = new ReentrantLock();

  // Change under the lock. Whenever it is free: if any are queued, at least `parallel` batches run;
  // if any
  // wait for room, the queue is full.
  private final AtomicInteger running = new AtomicInteger();
  private final Line queue = new Line();
  private final Line outside = new Line();
  private final ArrayDeque<Batch> idle = new ArrayDeque<>();

  /**
   * Creates a search before {@code search}, which must copy what it keeps of its queries: their
   * memory is reused.
   *
   * @param rows rows that {@code search} searches
   */
  public BatchingSearch(Searcher search, VectorSource rows, BatchingOptions limits) {
    this.search = search;
    this.rows = rows;
    this.limits = limits;
    this.latencyNanos = limits.latencyBound().toNanos();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, rows);
    if (queries.size() != 1) {
      return search.search(queries, options);
    }
    if (startsAtOnce()) {
      try {
        return search.search(queries, options);
      } finally {
        end();
      }
    }
    return new Caller(queries, options).answer();
  }

  @Override
  public long bytes() {
    return search.bytes();
  }

  /** Number of queued queries, without those of callers that wait for room. */
  public int queued() {
    lock.lock();
    try {
      return queue.size;
    } finally {
      lock.unlock();
    }
  }

  /** Number of callers that wait for room in the queue. */
  public int waitingForRoom() {
    lock.lock();
    try {
      return outside.size;
    } finally {
      lock.unlock();
    }
  }

  /** Number of batches that run, lone queries among them. For tests. */
  int running() {
    lock.lock();
    try {
      return running.get();
    } finally {
      lock.unlock();
    }
  }

  private boolean startsAtOnce() {
    if (running.get() >= limits.parallel()) {
      return false; // the usual case where many ask: they take the lock once, to be queued
    }
    lock.lock();
    try {
      if (running.get() >= limits.parallel()) {
        return false;
      }
      running.incrementAndGet();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a batch or a lone query, after success or failure. */
  private void end() {
    lock.lock();
    try {
      running.decrementAndGet();
      handOver();
    } finally {
      lock.unlock();
    }
  }

  /** Lets callers into the queue and hands over free turns. Under the lock. */
  private void handOver() {
    while (true) {
      while (queue.size < limits.maxQueued() && outside.size > 0) {
        var next = outside.take();
        next.queuedSince = System.nanoTime();
        queue.add(next);
        next.become(State.QUEUED);
      }
      if (running.get() >= limits.parallel() || queue.size == 0) {
        return;
      }
      running.incrementAndGet();
      queue.take().become(State.LEADING);
    }
  }

  private enum State {
    /** The caller waits for room in the queue. */
    OUTSIDE,
    /** The query is queued and waits for its turn. */
    QUEUED,
    /** The caller counts as a running batch, and must search or hand over. */
    LEADING,
    /** Another caller's batch has taken the query along. */
    TAKEN,
    /** That batch has ended, with an answer or not; then the caller searches by itself. */
    ENDED
  }

  /** Call that could not start at once; its thread waits in it. */
  private final class Caller {
    final VectorSource queries;
    final SearchOptions options;
    final StopSignal stop;

    /** Copy of the query: a caller that leaves early may close the original. */
    final float[] query;

    final Thread thread = Thread.currentThread();

    /** Changes under the lock, except to ENDED, which the leader of its batch sets. */
    private volatile State state = State.OUTSIDE;

    private long queuedSince;
    private boolean interrupted;
    private @Nullable SearchResult answer;

    // Neighbours in the line that it stands in.
    private @Nullable Caller before;
    private @Nullable Caller behind;

    Caller(VectorSource queries, SearchOptions options) {
      this.queries = queries;
      this.options = options;
      this.stop = new StopSignal(options);
      this.query = queries.row(0);
      VectorDataException.requireFinite(queries, 0, query);
    }

    /** Changes the state and wakes the caller, unless that is this thread. */
    void become(State next) {
      state = next;
      if (!thread.equals(Thread.currentThread())) {
        LockSupport.unpark(thread);
      }
    }

    boolean goesWith(Caller other) {
      return options.k() == other.options.k()
          && options.threads() == other.options.threads()
          && options.filter() == other.options.filter()
          && options.effort().equals(other.options.effort())
          && Objects.equals(options.backend(), other.options.backend());
    }

    SearchResult answer() {
      enter();
      try {
        waitForTurn();
      } catch (Throwable e) {
        leave();
        throw e;
      } finally {
        if (interrupted) {
          thread.interrupt();
        }
      }
      return state == State.LEADING ? lead() : ended();
    }

    private void enter() {
      lock.lock();
      try {
        outside.add(this);
        handOver();
      } finally {
        lock.unlock();
      }
    }

    /** Parks until this caller leads or the batch that took its query has ended. */
    private void waitForTurn() {
      for (var now = state; now != State.LEADING && now != State.ENDED; now = state) {
        stop.check();
        long pause = stop.nanosToNextCheck();
        if (now == State.QUEUED) {
          pause = Math.min(pause, latencyNanos - (System.nanoTime() - queuedSince));
        }
        if (pause > 0) {
          LockSupport.parkNanos(BatchingSearch.this, pause);
          interrupted |= Thread.interrupted(); // a set flag would end every pause
        } else {
          startLate();
        }
      }
    }

    /** Starts the query, if it is still queued, because its time in the queue is up. */
    private void startLate() {
      lock.lock();
      try {
        if (state == State.QUEUED) {
          queue.remove(this);
          running.incrementAndGet();
          state = State.LEADING;
          handOver();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Leaves, whatever its state. */
    private void leave() {
      lock.lock();
      try {
        switch (state) {
          case OUTSIDE -> outside.remove(this);
          case QUEUED -> queue.remove(this);
          case LEADING -> running.decrementAndGet();
          case TAKEN, ENDED -> {} // nobody reads the answer
        }
        handOver();
      } finally {
        lock.unlock();
      }
    }

    /** Searches for this caller and those that go with it. */
    private SearchResult lead() {
      Batch batch = null;
      boolean whole = false;
      try {
        batch = gather();
        if (batch == null) {
          return alone();
        }
        batch.search();
        whole = true;
      } catch (Throwable e) {
        if (batch == null) {
          throw e;
        }
        stop.check();
        // Any other failure concerns this caller only if its query fails alone, too.
      } finally {
        end();
        if (batch != null) {
          batch.end(whole);
        }
      }
      return ended();
    }

    private SearchResult ended() {
      return answer != null ? answer : alone();
    }

    /** Batch of this caller and the queued ones that go with it, or null if there are none. */
    private @Nullable Batch gather() {
      lock.lock();
      try {
        Batch batch = null;
        int most = limits.maxBatch();
        for (var each = queue.first; each != null && most > 1; each = each.behind) {
          if (goesWith(each)) {
            if (batch == null) {
              batch = idle.isEmpty() ? new Batch() : idle.pop();
              batch.members.add(this);
            }
            batch.members.add(each);
            most--;
          }
        }
        if (batch != null) { // nothing may fail from here on: taken callers must be told the end
          for (var each : batch.members.subList(1, batch.members.size())) {
            queue.remove(each);
            each.state = State.TAKEN; // it need not wake
          }
        }
        handOver();
        return batch;
      } finally {
        lock.unlock();
      }
    }

    /** Searches this query alone, with what is left of its time. */
    private SearchResult alone() {
      try {
        return search.search(queries, own());
      } catch (SearchStoppedException e) {
        stop.check(); // names the deadline that was asked for
        throw e;
      }
    }

    /** Options of the caller, with its stop counted from the call. */
    SearchOptions own() {
      return options
          .withDeadline(null)
          .withCancel(stop.never() ? SearchOptions.NEVER : () -> stop.reason() != null);
    }
  }

  /** Callers that are served together, the leader first, and memory for their queries. */
  private final class Batch {
    final List<Caller> members = new ArrayList<>();
    private MemorySegment memory = MemorySegment.NULL;

    /** Gives every member its answer, or none if this throws. */
    void search() {
      int count = members.size();
      var limit = limit();
      var result = search.search(queries(), members.getFirst().own().withLimit(limit));
      var found = result.neighbors();
      var report = result.report();
      if (found.size() != count) {
        throw new IllegalStateException(
            "a search must answer every query: queries=%d, answers=%d"
                .formatted(count, found.size()));
      }
      var answers = new SearchResult[count];
      for (int i = 0; i < count; i++) {
        answers[i] =
            new SearchResult(
                List.of(found.get(i)),
                report.withWork(report.work().share(i, count)).withBatched(count));
      }
      for (int i = 0; i < count; i++) {
        var member = members.get(i);
        member.answer = answers[i];
        var own = member.options.limit();
        if (own != null) {
          own.offer(answers[i], member.options.k());
        }
      }
    }

    /** The keys of the members' limits as they are now, or null if no member has one. */
    private @Nullable Limit limit() {
      Limit together = null;
      for (int i = 0; i < members.size(); i++) {
        var own = members.get(i).options.limit();
        if (own != null) {
          together = together == null ? new Limit(members.size()) : together;
          together.offer(i, own.key(0));
        }
      }
      return together;
    }

    private VectorSource queries() {
      int d = rows.dimension();
      long stride = (long) d * Float.BYTES;
      if (memory.byteSize() < stride * members.size()) {
        memory = Arena.ofAuto().allocate(2 * stride * members.size(), 64);
      }
      for (int i = 0; i < members.size(); i++) {
        MemorySegment.copy(members.get(i).query, 0, memory, FLOAT, stride * i, d);
      }
      return VectorSource.over(memory, stride, members.size(), d, ElementType.FLOAT32);
    }

    /**
     * Wakes the members.
     *
     * @param whole whether the batch may be reused: nothing failed while its memory was read
     */
    void end(boolean whole) {
      for (int i = 1; i < members.size(); i++) {
        members.get(i).become(State.ENDED);
      }
      members.clear();
      if (whole) {
        lock.lock();
        try {
          if (idle.size() < IDLE) {
            idle.push(this);
          }
        } finally {
          lock.unlock();
        }
      }
    }
  }

  /** Line of callers, oldest first; every operation takes constant time. */
  private static final class Line {
    @Nullable Caller first;
    private @Nullable Caller last;
    int size;

    void add(Caller caller) {
      caller.before = last;
      caller.behind = null;
      if (last == null) {
        first = caller;
      } else {
        last.behind = caller;
      }
      last = caller;
      size++;
    }

    /** Takes out the oldest caller; there must be one. */
    Caller take() {
      var oldest = Objects.requireNonNull(first);
      remove(oldest);
      return oldest;
    }

    /** Takes out a caller, which must be in this line. */
    void remove(Caller caller) {
      if (caller.before == null) {
        first = caller.behind;
      } else {
        caller.before.behind = caller.behind;
      }
      if (caller.behind == null) {
        last = caller.before;
      } else {
        caller.behind.before = caller.before;
      }
      size--;
    }
  }
}
