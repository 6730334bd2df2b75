package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Limit;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.Work;
import dev.kith.core.testing.ForwardingRows;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Constructed schedules: the search behind ends its calls when the test says so. Nothing is timed;
 * a bound of a minute never passes.
 */
@Timeout(60)
class BatchingSearchTest {
  private static final long PATIENCE = 30;
  private static final int ROWS = 1000;
  private static final SearchOptions ONE = SearchOptions.nearest(1);
  private static final BatchingOptions PATIENT =
      BatchingOptions.DEFAULTS.withLatencyBound(Duration.ofMinutes(1));

  private final VectorSource rows = VectorSource.of(new float[ROWS][2]);
  private final Held held = new Held();
  private final List<Asker> askers = new ArrayList<>();

  /** Every call is answered in the end: nobody is left waiting. */
  @AfterEach
  void everybodyHasEnded() throws Exception {
    held.open.set(true);
    held.all.forEach(Call::answer);
    for (var asker : askers) {
      asker.thread.join(TimeUnit.SECONDS.toMillis(PATIENCE));
      assertThat(asker.thread.isAlive()).isFalse();
    }
    rows.close();
  }

  /** One call of the search behind, which ends when the test tells it how. */
  private static final class Call {
    final List<Float> queries;
    final SearchOptions options;
    final Thread thread = Thread.currentThread();
    final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();

    Call(List<Float> queries, SearchOptions options) {
      this.queries = queries;
      this.options = options;
    }

    void answer() {
      end.complete(null);
    }

    void fail(Throwable failure) {
      end.completeExceptionally(failure);
    }
  }

  private static SearchReport report(Work work, long batched) {
    return SearchReport.of("held", "flat")
        .withBounds(List.of("float32"))
        .withWork(work)
        .withProved(true)
        .withBatched(batched);
  }

  /**
   * Search whose calls are held until the test ends them: finds row 10 for the query (10, 0),
   * reports 7 rows scored and 2 fallbacks a batch.
   */
  private static final class Held implements Searcher {
    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    final Queue<Call> all = new ConcurrentLinkedQueue<>();
    final AtomicBoolean open = new AtomicBoolean();
    final AtomicInteger missing = new AtomicInteger();

    @Override
    public SearchResult search(VectorSource queries, SearchOptions options) {
      var asked = new ArrayList<Float>();
      for (long q = 0; q < queries.size(); q++) {
        asked.add(queries.row(q)[0]);
      }
      var call = new Call(asked, options);
      all.add(call);
      boolean opened = open.get(); // before a test can know of the call and open for the next ones
      calls.add(call);
      if (opened) {
        call.answer();
      }
      boolean interrupted = false;
      while (true) {
        try {
          call.end.get(1, TimeUnit.MILLISECONDS);
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw (RuntimeException) e.getCause();
        } catch (TimeoutException e) {
          new StopSignal(options).check();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      var found = new ArrayList<Neighbors>();
      for (float query : asked.subList(0, asked.size() - Math.min(missing.get(), asked.size()))) {
        found.add(new Neighbors(Metric.L2, new long[] {(long) query}, new double[1]));
      }
      int n = asked.size();
      long fallbacks = n == 1 ? 0 : 2;
      return new SearchResult(found, report(Work.ofScan(1000L * n, 7, fallbacks), n));
    }

    @Override
    public long bytes() {
      return 77;
    }

    Call next() throws InterruptedException {
      var call = calls.poll(PATIENCE, TimeUnit.SECONDS);
      if (call == null) {
        throw new AssertionError("no search came");
      }
      return call;
    }
  }

  /** A thread with one query. */
  private final class Asker {
    final CompletableFuture<SearchResult> result = new CompletableFuture<>();
    final AtomicBoolean interruptedAfter = new AtomicBoolean();
    final Thread thread;

    Asker(BatchingSearch search, float query, SearchOptions options, Thread.Builder kind) {
      thread =
          kind.unstarted(
              () -> {
                try {
                  result.complete(
                      search.search(VectorSource.single(new float[] {query, 0}), options));
                } catch (Throwable e) {
                  result.completeExceptionally(e);
                }
                interruptedAfter.set(Thread.currentThread().isInterrupted());
              });
      askers.add(this);
      thread.start();
    }

    SearchResult get() throws Exception {
      return result.get(PATIENCE, TimeUnit.SECONDS);
    }

    long row() throws Exception {
      return get().neighbors().getFirst().row(0);
    }

    Throwable failure() throws Exception {
      try {
        return new AssertionError("it was answered: " + get());
      } catch (ExecutionException e) {
        return Objects.requireNonNull(e.getCause());
      }
    }
  }

  private Asker ask(BatchingSearch search, float query, SearchOptions options) {
    return new Asker(search, query, options, Thread.ofPlatform().daemon());
  }

  /** Asks and waits until the query is queued. */
  private Asker queue(BatchingSearch search, float query, SearchOptions options)
      throws InterruptedException {
    int before = search.queued();
    var asker = ask(search, query, options);
    await(() -> search.queued() == before + 1);
    return asker;
  }

  private List<Asker> queue(BatchingSearch search, SearchOptions options, float... queries)
      throws InterruptedException {
    var all = new ArrayList<Asker>();
    for (float query : queries) {
      all.add(queue(search, query, options));
    }
    return all;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      Thread.sleep(1);
    }
  }

  private BatchingSearch batching(BatchingOptions limits) {
    return new BatchingSearch(held, rows, limits);
  }

  @Test
  void search_nothingRuns_isServedAtOnceByItsOwnThread() throws Exception {
    held.open.set(true);
    var search = batching(PATIENT);
    var options = ONE.withCancel(() -> false).withDeadline(Duration.ofDays(1));
    for (int i = 0; i < 3; i++) {
      var result = search.search(VectorSource.single(new float[] {4, 0}), options);
      var call = held.next();
      assertThat(call.thread).isSameAs(Thread.currentThread());
      assertThat(call.options).isSameAs(options);
      assertThat(call.queries).containsExactly(4f);
      assertThat(result.report().batched()).isEqualTo(1);
      assertThat(result.report().work().rowsRead()).isEqualTo(1000);
    }
    assertThat(search.bytes()).isEqualTo(77);
  }

  /**
   * A caller that saw the search busy must not queue after the last batch has ended: nobody would
   * be left to hand over.
   */
  @Test
  void search_theOnlyBatchEndsWhileACallerComes_theCallerIsServedAtOnce() throws Exception {
    var search = batching(PATIENT);
    var first = ask(search, 1, ONE);
    var running = held.next();
    held.open.set(true);
    try (var memory = VectorSource.of(new float[] {2, 0})) {
      // Read when it was found that one runs, and before the caller is queued.
      var query =
          new Query(
              memory,
              () -> {
                running.answer();
                first.result.join();
                while (search.running() > 0) {
                  Thread.onSpinWait();
                }
              });
      assertThat(search.search(query, ONE).neighbors().getFirst().row(0)).isEqualTo(2);
      assertThat(query.read.get()).isGreaterThanOrEqualTo(1);
    }
  }

  /** Query that tells when it is read for the first time. */
  private record Query(VectorSource rows, Runnable onRead, AtomicInteger read)
      implements ForwardingRows {
    Query(VectorSource rows, Runnable onRead) {
      this(rows, onRead, new AtomicInteger());
    }

    @Override
    public VectorBlock block(long first, int count) {
      if (read.getAndIncrement() == 0) {
        onRead.run();
      }
      return rows.block(first, count);
    }
  }

  @Test
  void search_oneRuns_theOthersAreServedTogetherByTheOldest() throws Exception {
    var search = batching(PATIENT);
    var first = ask(search, 1, ONE);
    var running = held.next();
    var others = queue(search, ONE, 2, 3, 4, 5);
    assertThat(held.calls).isEmpty();
    running.answer();
    assertThat(first.row()).isEqualTo(1);
    var batch = held.next();
    assertThat(batch.queries).containsExactly(2f, 3f, 4f, 5f);
    assertThat(batch.thread).isSameAs(others.getFirst().thread);
    batch.answer();
    for (int i = 0; i < 4; i++) {
      assertThat(others.get(i).row()).isEqualTo(2 + i);
    }
    assertThat(held.calls).isEmpty();
  }

  @Test
  void search_callersWithLimits_eachLimitsItsOwnQuery() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var limit = new Limit();
    limit.offer(0, 4);
    var others =
        List.of(
            queue(search, 2, ONE),
            queue(search, 3, ONE.withLimit(limit)),
            queue(search, 4, ONE.withLimit(new Limit())));
    limit.offer(0, 3);
    running.answer();
    var batch = held.next();
    var together = Objects.requireNonNull(batch.options.limit());
    assertThat(together.key(0)).isInfinite();
    assertThat(together.key(1)).isEqualTo(3);
    assertThat(together.key(2)).isInfinite();
    batch.answer();
    for (var other : others) {
      other.get();
    }
    assertThat(limit.key(0)).as("what was found").isZero();
    // Nobody has one: there is none.
    assertThat(running.options.limit()).isNull();
  }

  /** 4,000 rows looked at, 7 scored, 2 fallbacks: none is lost, none is counted twice. */
  @Test
  void search_batch_everyReportIsItsShare() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var others = queue(search, ONE, 2, 3, 4, 5);
    running.answer();
    held.next().answer();
    var reports = new ArrayList<SearchReport>();
    for (var asker : others) {
      reports.add(asker.get().report());
    }
    assertThat(reports)
        .containsExactly(
            report(Work.ofScan(1000, 2, 1), 4),
            report(Work.ofScan(1000, 2, 1), 4),
            report(Work.ofScan(1000, 2, 0), 4),
            report(Work.ofScan(1000, 1, 0), 4));
  }

  @Test
  void search_moreThanABatch_isServedInTheOrderOfArrival() throws Exception {
    var search = batching(PATIENT.withMaxBatch(3));
    ask(search, 1, ONE);
    var running = held.next();
    queue(search, ONE, 2, 3, 4, 5, 6, 7, 8);
    running.answer();
    for (var expected : List.of(List.of(2f, 3f, 4f), List.of(5f, 6f, 7f), List.of(8f))) {
      var batch = held.next();
      assertThat(batch.queries).isEqualTo(expected);
      assertThat(held.calls).isEmpty();
      batch.answer();
    }
  }

  @Test
  void search_whatAsksOtherwise_isServedApartAndNobodyIsPassedOver() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var filter = RowFilter.of(ROWS, row -> row > 5);
    var equal = RowFilter.of(ROWS, row -> row > 5);
    queue(search, 10, ONE);
    queue(search, 20, SearchOptions.nearest(2));
    queue(search, 30, ONE.withThreads(1));
    queue(search, 40, ONE.onBackend("held"));
    queue(search, 50, ONE.among(filter));
    queue(search, 60, ONE.among(equal));
    queue(search, 21, SearchOptions.nearest(2));
    queue(search, 51, ONE.among(filter));
    queue(search, 41, ONE.onBackend("he" + "ld"));
    queue(search, 11, ONE.withDeadline(Duration.ofDays(1)));
    queue(search, 12, ONE.withCancel(() -> false));
    running.answer();
    for (var expected :
        List.of(
            List.of(10f, 11f, 12f),
            List.of(20f, 21f),
            List.of(30f),
            List.of(40f, 41f),
            List.of(50f, 51f),
            List.of(60f))) {
      var batch = held.next();
      assertThat(batch.queries).isEqualTo(expected);
      batch.answer();
    }
  }

  @Test
  void search_fewerRunThanMayInParallel_startsAtOnce() throws Exception {
    var search = batching(PATIENT.withParallel(2));
    ask(search, 1, ONE);
    var first = held.next();
    ask(search, 2, ONE);
    var second = held.next();
    queue(search, ONE, 3, 4);
    second.answer();
    var batch = held.next();
    assertThat(batch.queries).containsExactly(3f, 4f);
    queue(search, ONE, 5);
    first.answer();
    assertThat(held.next().queries).containsExactly(5f);
  }

  @Test
  void search_queuedForTheLatencyBound_startsWithTheOthersAlthoughABatchRuns() throws Exception {
    var search = batching(PATIENT.withLatencyBound(Duration.ofMillis(300)));
    ask(search, 1, ONE);
    held.next();
    var second = ask(search, 2, ONE);
    var late = held.next(); // while the first still runs
    assertThat(late.queries).startsWith(2f);
    assertThat(late.thread).isSameAs(second.thread);
    late.answer();
    assertThat(second.row()).isEqualTo(2);
    // A late batch that ends hands over only while fewer than `parallel` run.
    var third = ask(search, 3, ONE);
    assertThat(held.next().thread).isSameAs(third.thread);
  }

  @Test
  void search_latencyBoundOfZero_queuesNobody() throws Exception {
    var search = batching(PATIENT.withLatencyBound(Duration.ZERO));
    for (int i = 0; i < 5; i++) {
      ask(search, i, ONE);
      assertThat(held.next().queries).containsExactly((float) i);
    }
  }

  @Test
  void search_queueIsFull_furtherCallersWaitForRoomInTheirOrder() throws Exception {
    var search = batching(PATIENT.withMaxQueued(2).withMaxBatch(2));
    ask(search, 1, ONE);
    var running = held.next();
    queue(search, ONE, 2, 3);
    for (int i = 1; i <= 3; i++) {
      ask(search, 3 + i, ONE);
      int waiting = i;
      await(() -> search.waitingForRoom() == waiting);
    }
    assertThat(search.queued()).isEqualTo(2);
    running.answer();
    var batch = held.next();
    assertThat(batch.queries).containsExactly(2f, 3f);
    assertThat(search.queued()).isEqualTo(2);
    assertThat(search.waitingForRoom()).isEqualTo(1);
    batch.answer();
    batch = held.next();
    assertThat(batch.queries).containsExactly(4f, 5f);
    assertThat(search.queued()).isEqualTo(1);
    batch.answer();
    assertThat(held.next().queries).containsExactly(6f);
  }

  @Test
  void search_stoppedWhileItWaitsForRoom_leaves() throws Exception {
    var search = batching(PATIENT.withMaxQueued(1));
    ask(search, 1, ONE);
    var running = held.next();
    queue(search, ONE, 2);
    var cancelled = new AtomicBoolean();
    var late = ask(search, 3, ONE.withDeadline(Duration.ofMillis(20)));
    var unwanted = ask(search, 4, ONE.withCancel(cancelled::get));
    assertThat(late.failure()).isInstanceOf(SearchStoppedException.class);
    assertThat(late.failure())
        .hasMessage(
            "the search reached its deadline: deadline=20 ms; allow more time or search fewer"
                + " rows");
    await(() -> search.waitingForRoom() == 1);
    cancelled.set(true);
    assertThat(unwanted.failure()).hasMessage("the search was cancelled by its caller");
    assertThat(search.waitingForRoom()).isZero();
    running.answer();
    assertThat(held.next().queries).containsExactly(2f);
  }

  @Test
  void search_stoppedInTheQueue_leavesAndTheOthersAreServed() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var cancelled = new AtomicBoolean();
    var broken = new AtomicBoolean();
    var unwanted = queue(search, 2, ONE.withCancel(cancelled::get));
    var breaking =
        queue(
            search,
            3,
            ONE.withCancel(
                () -> {
                  if (broken.get()) {
                    throw new IllegalStateException("no connection");
                  }
                  return false;
                }));
    queue(search, ONE, 4);
    var late = ask(search, 5, ONE.withDeadline(Duration.ofMillis(20)));
    assertThat(late.failure())
        .hasMessageStartingWith("the search reached its deadline: deadline=20 ms;");
    cancelled.set(true);
    broken.set(true);
    assertThat(unwanted.failure()).hasMessage("the search was cancelled by its caller");
    assertThat(breaking.failure()).hasMessage("no connection");
    await(() -> search.queued() == 1);
    running.answer();
    assertThat(held.next().queries).containsExactly(4f);
  }

  /** Asked whether it is cancelled, it gets its turn meanwhile, and then says yes. */
  @Test
  void search_stoppedAsItsTurnComes_handsItOn() throws Exception {
    var search = batching(PATIENT);
    var first = ask(search, 1, ONE);
    var running = held.next();
    var armed = new AtomicBoolean();
    var unwanted =
        queue(
            search,
            2,
            ONE.withCancel(
                () -> {
                  if (!armed.get()) {
                    return false;
                  }
                  running.answer();
                  first.result.join();
                  while (search.queued() == 2) {
                    Thread.onSpinWait();
                  }
                  return true;
                }));
    var other = queue(search, 3, ONE);
    armed.set(true);
    assertThat(unwanted.failure()).hasMessage("the search was cancelled by its caller");
    var next = held.next();
    assertThat(next.queries).containsExactly(3f);
    next.answer();
    assertThat(other.row()).isEqualTo(3);
  }

  /** It leaves, its query stays: the batch has it. */
  @Test
  void search_stoppedInAnothersBatch_leavesAndTheBatchGoesOn() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var leader = queue(search, 2, ONE);
    var cancelled = new AtomicBoolean();
    var unwanted = queue(search, 3, ONE.withCancel(cancelled::get));
    var other = queue(search, 4, ONE);
    running.answer();
    var batch = held.next();
    assertThat(batch.queries).containsExactly(2f, 3f, 4f);
    cancelled.set(true);
    assertThat(unwanted.failure()).hasMessage("the search was cancelled by its caller");
    assertThat(batch.options.cancelled().getAsBoolean()).isFalse();
    assertThat(batch.end).isNotDone();
    batch.answer();
    assertThat(leader.row()).isEqualTo(2);
    assertThat(other.row()).isEqualTo(4);
    assertThat(held.calls).isEmpty();
  }

  @Test
  void search_stoppedWhileItRunsTheBatch_endsItAndTheOthersSearchByThemselves() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var cancelled = new AtomicBoolean();
    var leader = queue(search, 2, ONE.withCancel(cancelled::get));
    var others = queue(search, ONE, 3, 4);
    running.answer();
    assertThat(held.next().queries).containsExactly(2f, 3f, 4f);
    cancelled.set(true);
    assertThat(leader.failure())
        .isInstanceOf(SearchStoppedException.class)
        .hasMessage("the search was cancelled by its caller");
    answerAlone(others);
  }

  /** Answers each query in a call of its own, in its caller's thread. */
  private void answerAlone(List<Asker> askers) throws Exception {
    for (int i = 0; i < askers.size(); i++) {
      var call = held.next();
      var asker =
          askers.stream().filter(each -> each.thread.equals(call.thread)).findAny().orElseThrow();
      call.answer();
      assertThat(call.queries).containsExactly((float) asker.row());
      assertThat(asker.get().report().batched()).isEqualTo(1);
    }
  }

  /** From the call on, and not from when it is searched. */
  @Test
  void search_deadlineAfterWaiting_countsFromTheCall() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var leader = queue(search, 2, ONE.withDeadline(Duration.ofMillis(1100)));
    var other = queue(search, 3, ONE);
    running.answer();
    var batch = held.next();
    assertThat(batch.options.deadline()).isNull();
    // Ends by the leader's deadline alone: the test does not answer.
    assertThat(leader.failure())
        .hasMessageStartingWith("the search reached its deadline: deadline=1100 ms;");
    answerAlone(List.of(other));

    ask(search, 1, ONE);
    running = held.next();
    var single = queue(search, 4, ONE.withDeadline(Duration.ofMillis(1101)));
    running.answer();
    held.next();
    assertThat(single.failure())
        .hasMessageStartingWith("the search reached its deadline: deadline=1101 ms;");
  }

  @Test
  void search_batchFails_onlyTheGuiltyFails() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var all = queue(search, ONE, 2, 3, 4);
    running.answer();
    held.next().fail(new VectorDataException("one of them is bad"));
    var guilty = new ArrayList<Throwable>();
    for (int i = 0; i < 3; i++) {
      var call = held.next();
      assertThat(call.queries).hasSize(1);
      var asker = all.get((int) (call.queries.getFirst() - 2));
      assertThat(call.thread).isSameAs(asker.thread);
      if (call.queries.contains(3f)) {
        call.fail(new VectorDataException("this is the bad one"));
        guilty.add(asker.failure());
      } else {
        call.answer();
        assertThat(asker.row()).isEqualTo((long) (float) call.queries.getFirst());
      }
    }
    assertThat(guilty).singleElement().isInstanceOf(VectorDataException.class);
    assertThat(guilty.getFirst()).hasMessage("this is the bad one");
  }

  /** A query without an answer would wait for ever. */
  @Test
  void search_batchWithoutAllAnswers_isAFailure() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var all = queue(search, ONE, 2, 3, 4);
    held.missing.set(1);
    running.answer();
    var batch = held.next();
    batch.answer();
    var alone = held.next(); // comes when the batch was refused
    held.missing.set(0);
    alone.answer();
    held.next().answer();
    held.next().answer();
    for (int i = 0; i < 3; i++) {
      assertThat(all.get(i).row()).isEqualTo(2 + i);
    }
  }

  @Test
  void search_afterAFailure_goesOn() throws Exception {
    var search = batching(PATIENT);
    for (int i = 0; i < 3; i++) {
      var asker = ask(search, 1, ONE);
      held.next().fail(new IllegalStateException("device lost"));
      assertThat(asker.failure()).hasMessage("device lost");
    }
    assertThat(search.queued()).isZero();
  }

  /** Refuses callers in their own threads, while an unrelated query runs. */
  @Test
  void search_badQuery_isRefusedBeforeItIsQueued() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var nan = VectorSource.single(new float[] {0, Float.NaN});
    assertThatThrownBy(() -> search.search(nan, ONE))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            "vectors must be finite: file=memory, offset=4, row=0, element=1, found=NaN; remove or"
                + " repair that row");
    var longer = VectorSource.single(new float[3]);
    assertThatThrownBy(() -> search.search(longer, ONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("query dimension must match the source: query=3 (memory), source=2 (memory)");
    var filter = RowFilter.of(5, _ -> true);
    var fits = VectorSource.single(new float[2]);
    assertThatThrownBy(() -> search.search(fits, ONE.among(filter)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a filter must have a bit for each row of the source: bits=5, rows=1000 (memory)");
    assertThat(search.queued()).isZero();
    assertThat(held.calls).isEmpty();
    running.answer();
  }

  /** It goes on waiting, and does not spin: the flag would end every pause at once. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void search_interruptedWhileItWaits_isAnsweredAndTheFlagStays(boolean leads) throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var asked = new AtomicInteger();
    var options =
        ONE.withCancel(
            () -> {
              asked.incrementAndGet();
              return false;
            });
    var before = queue(search, leads ? SearchOptions.nearest(2) : ONE, 2).getFirst();
    var asker = queue(search, 3, options);
    asker.thread.interrupt();
    int then = asked.get();
    Thread.sleep(100);
    assertThat(asked.get() - then).isLessThan(1000); // some ten; spinning makes a million
    assertThat(asker.result).isNotDone();
    running.answer();
    held.next().answer();
    if (leads) {
      held.next().answer();
    }
    assertThat(before.row()).isEqualTo(2);
    assertThat(asker.row()).isEqualTo(3);
    asker.thread.join();
    before.thread.join();
    assertThat(asker.interruptedAfter).isTrue();
    assertThat(before.interruptedAfter).isFalse();
  }

  /** Calls of several queries, or none, neither wait nor make others wait. */
  @Test
  void search_notOneQuery_goesStraightThrough() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    held.open.set(true);
    try (var two = VectorSource.of(new float[] {5, 0}, new float[] {6, 0})) {
      var result = search.search(two, ONE);
      var call = held.next();
      assertThat(call.options).isSameAs(ONE);
      assertThat(call.thread).isSameAs(Thread.currentThread());
      assertThat(result.neighbors()).hasSize(2);
      assertThat(search.search(two.slice(0, 0), ONE).neighbors()).isEmpty();
    }
    running.answer();
  }

  /** The caller may be gone, and its memory with it, before the batch is searched. */
  @Test
  void search_queryClosedByACallerThatLeft_isStillTheBatchs() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    var leader = queue(search, 2, ONE);
    var stopped = new CompletableFuture<Throwable>();
    var cancelled = new AtomicBoolean();
    Thread.ofPlatform()
        .start(
            () -> {
              try (var source = VectorSource.of(new float[] {3, 0})) {
                search.search(source, ONE.withCancel(cancelled::get));
              } catch (SearchStoppedException e) {
                stopped.complete(e);
              }
            });
    await(() -> search.queued() == 2);
    running.answer();
    var batch = held.next();
    cancelled.set(true);
    assertThat(stopped.get(PATIENCE, TimeUnit.SECONDS)).isNotNull();
    batch.answer();
    assertThat(leader.row()).isEqualTo(2);
  }

  /** If waiting pinned carriers, no more virtual threads than carriers would come this far. */
  @Test
  void search_manyVirtualThreads_allWaitWithoutACarrier() throws Exception {
    var search = batching(PATIENT);
    ask(search, 1, ONE);
    var running = held.next();
    int many = 300;
    var all = new ArrayList<Asker>();
    for (int i = 0; i < many; i++) {
      all.add(new Asker(search, i, ONE, Thread.ofVirtual()));
    }
    await(() -> search.queued() == many);
    running.answer();
    var batch = held.next();
    assertThat(batch.queries).hasSize(256);
    batch.answer();
    held.next().answer();
    for (int i = 0; i < many; i++) {
      assertThat(all.get(i).row()).isEqualTo(i);
    }
  }

  @Test
  void options_badNumbers_areRefused() {
    assertThatThrownBy(() -> PATIENT.withMaxBatch(0)).hasMessage("maxBatch must be at least 1: 0");
    assertThatThrownBy(() -> PATIENT.withMaxQueued(-1))
        .hasMessage("maxQueued must be at least 1: -1");
    assertThatThrownBy(() -> PATIENT.withParallel(0)).hasMessage("parallel must be at least 1: 0");
    for (var bound : List.of(Duration.ofNanos(-1), Duration.ofSeconds(61))) {
      assertThatThrownBy(() -> PATIENT.withLatencyBound(bound))
          .hasMessage("latencyBound must be 0 to 60 seconds, for a query waits so long: " + bound);
    }
    assertThat(BatchingOptions.DEFAULTS)
        .isEqualTo(new BatchingOptions(Duration.ofNanos(200_000), 256, 4096, 1));
  }

  @Test
  void search_maxBatchOfOne_servesOneAfterAnother() throws Exception {
    var search = batching(PATIENT.withMaxBatch(1));
    ask(search, 0, ONE);
    var running = held.next();
    queue(search, ONE, 1, 2, 3);
    for (float expected : new float[] {1, 2, 3}) {
      running.answer();
      running = held.next();
      assertThat(running.queries).containsExactly(expected);
      assertThat(held.calls).isEmpty();
    }
    running.answer();
    for (int i = 0; i < 4; i++) {
      assertThat(askers.get(i).row()).isEqualTo(i);
    }
  }
}
