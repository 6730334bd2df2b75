package dev.kith.core.index;

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
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Serves single queries of many threads together, for a search that answers many for little more
 * than the price of one. The answers are those of the search behind it.
 *
 * <p><b>Who runs.</b> While fewer than {@code parallel} batches run, a caller runs its query at
 * once, in its own thread: a lone query never waits. Else it is queued. When a batch ends, its
 * thread hands over to the caller that is queued longest, which takes along the queued queries that
 * go with its own, oldest first, at most {@code maxBatch}, and runs them as one search. A query
 * that has been queued for {@code latencyBound} is started so by its own thread, whatever else
 * runs. At most {@code maxQueued} are queued; further callers wait for room, in their order. Calls
 * with more than one query, or none, go straight to the search and count for nothing here.
 *
 * <p><b>What goes together:</b> the same k, threads, backend, effort and filter, the last by
 * identity. Deadlines and cancellation may differ, for they stay each caller's own:
 *
 * <ul>
 *   <li>who waits, in the queue, for room or for a batch that took its query along, leaves when its
 *       deadline passes, counted from its call, or within some 10 ms of being cancelled; the batch
 *       goes on for the others;
 *   <li>who runs a batch can only leave by ending it: then each of the others searches by itself.
 * </ul>
 *
 * <p><b>Failures.</b> A query of another dimension or with a NaN, or a filter of another size, is
 * refused before it is queued. When a batch fails, it is as if it had never been: each of its
 * callers searches by itself, in its own thread, and meets what concerns it.
 *
 * <p><b>Interrupts</b> stop nothing, as in any exact search; the thread's flag is set when it
 * returns.
 *
 * <p><b>Reports.</b> {@code batched} says how many queries were served together. Work is counted
 * for the batch alone: each query gets an equal share, and the first ones what is left over, so
 * that the shares add up to what was counted. The rest, {@code bounds} included, is the batch's.
 *
 * <p>Safe for many threads, virtual ones included: whoever waits is parked.
 */
public final class BatchingSearch implements Searcher {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Memory for so many batches is kept. */
  private static final int IDLE = 4;

  private final Searcher search;
  private final VectorSource rows;
  private final BatchingOptions limits;
  private final long latencyNanos;

  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock. Whenever it is free: if any are queued, at least `parallel` batches run; if any
  // wait for room, the queue is full.
  private int running;
  private final Line queue = new Line();
  private final Line outside = new Line();
  private final ArrayDeque<Batch> idle = new ArrayDeque<>();

  /**
   * Before {@code search}, which must copy what it keeps of its queries: their memory is used
   * again.
   *
   * @param rows that {@code search} searches
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

  /** How many queries are queued, those of callers that wait for room not among them. */
  public int queued() {
    lock.lock();
    try {
      return queue.size;
    } finally {
      lock.unlock();
    }
  }

  /** How many callers wait for room in the queue. */
  public int waitingForRoom() {
    lock.lock();
    try {
      return outside.size;
    } finally {
      lock.unlock();
    }
  }

  /** How many batches run, lone queries among them. For tests. */
  int running() {
    lock.lock();
    try {
      return running;
    } finally {
      lock.unlock();
    }
  }

  private boolean startsAtOnce() {
    lock.lock();
    try {
      if (running >= limits.parallel()) {
        return false;
      }
      running++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** A batch, or a lone query, has ended, well or not. */
  private void end() {
    lock.lock();
    try {
      running--;
      handOver();
    } finally {
      lock.unlock();
    }
  }

  /** Restores what the fields promise; under the lock. */
  private void handOver() {
    while (true) {
      while (queue.size < limits.maxQueued() && outside.size > 0) {
        var next = outside.take();
        next.queuedSince = System.nanoTime();
        queue.add(next);
        next.become(State.QUEUED);
      }
      if (running >= limits.parallel() || queue.size == 0) {
        return;
      }
      running++;
      queue.take().become(State.LEADING);
    }
  }

  private enum State {
    /** Waits for room in the queue. */
    OUTSIDE,
    /** Waits for its turn. */
    QUEUED,
    /** Counts as running and must search now, or hand over. */
    LEADING,
    /** Another's batch has the query. */
    TAKEN,
    /** That batch has ended: with an answer, or else the caller searches by itself. */
    ENDED
  }

  /** One call that could not start at once. Its thread waits in it. */
  private final class Caller {
    final VectorSource queries;
    final SearchOptions options;
    final StopSignal stop;

    /** A copy: who leaves early may close what it asked with. */
    final float[] query;

    final Thread thread = Thread.currentThread();

    /** Changes under the lock, but for the last change, by the thread that has its query. */
    private volatile State state = State.OUTSIDE;

    private long queuedSince;
    private boolean interrupted;
    private @Nullable SearchResult answer;

    // Of the line that it stands in.
    private @Nullable Caller before;
    private @Nullable Caller behind;

    Caller(VectorSource queries, SearchOptions options) {
      this.queries = queries;
      this.options = options;
      this.stop = new StopSignal(options);
      this.query = queries.row(0);
      VectorDataException.requireFinite(queries, 0, query);
    }

    /** And wakes it; its own thread is awake. */
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
          interrupted |= Thread.interrupted(); // which would end every pause
        } else {
          startLate();
        }
      }
    }

    /** Its time in the queue is up. */
    private void startLate() {
      lock.lock();
      try {
        if (state == State.QUEUED) {
          queue.remove(this);
          running++;
          state = State.LEADING;
          handOver();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Gives up, wherever it is. */
    private void leave() {
      lock.lock();
      try {
        switch (state) {
          case OUTSIDE -> outside.remove(this);
          case QUEUED -> queue.remove(this);
          case LEADING -> running--;
          case TAKEN, ENDED -> {} // nobody reads the answer
        }
        handOver();
      } finally {
        lock.unlock();
      }
    }

    /** Searches for itself and those that go with it. */
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
        // Else it is this caller's concern only if its query fails by itself too.
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

    /** Those that go with it, or null if there are none. */
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
        if (batch != null) { // from here on nothing fails: who is taken must be told the end
          for (var each : batch.members.subList(1, batch.members.size())) {
            queue.remove(each);
            each.state = State.TAKEN; // no need to wake it
          }
        }
        handOver();
        return batch;
      } finally {
        lock.unlock();
      }
    }

    /** As if there were no others, but that time has passed since the call. */
    private SearchResult alone() {
      try {
        return search.search(queries, own());
      } catch (SearchStoppedException e) {
        stop.check(); // which knows the deadline that was asked for
        throw e;
      }
    }

    /** What it asks for, with its stop counted from the call. */
    SearchOptions own() {
      return options
          .withDeadline(null)
          .withCancel(stop.never() ? SearchOptions.NEVER : () -> stop.reason() != null);
    }
  }

  /** Queries that are served together, the leader's first, and memory for them. */
  private final class Batch {
    final List<Caller> members = new ArrayList<>();
    private MemorySegment memory = MemorySegment.NULL;

    /** Gives every member its answer, or none if this throws. */
    void search() {
      int count = members.size();
      // Limits are each caller's own: they only prune, and learn of the answers below.
      var result = search.search(queries(), members.getFirst().own().withLimit(null));
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
        var limit = member.options.limit();
        if (limit != null) {
          limit.offer(answers[i], member.options.k());
        }
      }
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
     * @param whole whether it may be used again: nothing failed while its memory was read
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

  /** Callers, oldest first; every operation takes the same time. */
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

    /** The oldest; there must be one. */
    Caller take() {
      var oldest = Objects.requireNonNull(first);
      remove(oldest);
      return oldest;
    }

    /** It must be in this line. */
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
