package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.CodeChunks;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.Limit;
import dev.kith.core.search.LiveSearcher;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.TopK;
import dev.kith.core.search.Work;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.Chunks;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Progress;
import dev.kith.core.work.Workers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Graph of rows that come and go while it is searched: {@link #insert}, {@link #delete} and {@link
 * #search} by any number of threads at once. Searches take no lock and wait for nobody. It owns its
 * rows, float32 whatever they were, and names each by a number that no other row ever gets.
 *
 * <p>Used by one thread, what it finds depends on its seed and the order of the calls alone; what
 * several threads insert at once is linked in the order in which they happen to come.
 */
public final class LiveGraph implements LiveSearcher {
  /*
   * Implementation notes
   *
   * Memory. Rows, codes and lines of links lie in chunks [1], each as large as all before it, which
   * never move: a walk asks the loops once a hop and chunk. State names the chunks; it is replaced
   * as a whole, and a reader uses one from beginning to end.
   *
   * Insertion. The row and its codes are written, a walk finds candidates, the pruner chooses, the
   * line is published, filled up with the nearest of those passed over, and links back from the
   * chosen ones are added under the lock of the line they change, one of STRIPES. Links lead to
   * live rows alone when they are made. A line has room for one and a half times the links that
   * pruning leaves, as in InsertBuilder. As searches take no lock, they may see a line half old and
   * half new; each link leads to a row that was written before it.
   *
   * Deletion. A deleted row is marked, and is at once no answer any more; walks pass through it,
   * and their pool does not count it. Once one row in REPAIR_SHARE is marked, the thread that
   * deletes repairs, as FreshDiskANN does [2]: (1) it waits for insertions at work, which may not
   * have seen the marks; from then on no link to a marked row is made; (2) each line with links to
   * marked rows gets candidates from those rows' lines and is pruned; (3) pivots that were marked
   * are replaced; (4) rows that the pivots do not reach are linked; (5) the slots wait for the
   * readers at work [3], which may still stand on them, and are then used for other rows.
   *
   * So a slot's row, codes and number do not change as long as a reader is at work that could have
   * been led there: that is what makes keys canonical without a lock. Tests: LiveGraphTest, and
   * EpochsTest for what is lock-free.
   *
   * Space. Mean, step and longest row of the codes stay as they were fitted to the first rows. Rows
   * that they suit badly are counted (strayed); optimize fits them anew, and builds the graph anew,
   * while searches go on over the old one and writers wait. An index that began with few rows does
   * so by itself while it is small.
   *
   * Recall. The curve is measured as it is for a graph that does not change, but by slots. The thread
   * whose change is one in LiveCurve.SHARE of the rows measures it again, on few queries, while all
   * others go on: it reads as a reader does, so that no slot gets another row meanwhile; rows that
   * are deleted or come in between can only make the curve look worse than it is. Until then Wear
   * says how much less to expect.
   *
   * Locks, in the order in which they are taken: measuring, writing, repairing, structure, a stripe.
   *
   * [1] Dechev, Pirkelbauer, Stroustrup: Lock-free dynamically resizable arrays, 2006
   * [2] Singh and others: FreshDiskANN, arXiv 2105.09613, 2021, algorithm 4
   * [3] Fraser: Practical lock-freedom, 2004, section 5.2.3
   */

  /** Share of the occupied slots, one in {@code REPAIR_SHARE}, that may be marked as deleted. */
  private static final int REPAIR_SHARE = 6;

  /** Marked rows below which no repair is begun. */
  private static final int REPAIR_LEAST = 32;

  /** Locks of lines. */
  private static final int STRIPES = 1 << 10;

  /** Slots that are repaired as one unit of work. */
  private static final int UNIT = 256;

  /** Rounds of linking what is not reached; what is unreached after them becomes a pivot. */
  private static final int ROUNDS = 3;

  /** Squared error of a row's codes, in that of the average row, from which on it has strayed. */
  private static final double STRAYED = 4;

  /** Rows that a space must be fitted to; one of fewer is fitted again as rows come. */
  private static final int FITTED = 1000;

  /** Growth of the rows, in what their space was fitted to, from which on it is fitted again. */
  private static final int REFIT = 4;

  /** Rows that the average error of codes is taken of, at most. */
  private static final int SAMPLE = 1000;

  /** Rows that a curve is measured on by a thread that changed a row, for it waits. */
  private static final int FEW = 100;

  /** Most rows that a curve is measured on when it is asked for. */
  private static final int MANY = 500;

  /** Queries that a calibration keeps, at most. */
  private static final int ASKED = 1000;

  private final Kernels kernels;
  private final String backend;
  private final GraphSpec spec;
  private final Metric metric;
  private final GraphSettings settings;
  private final int room;
  private final int most;
  private final LiveRows rows;
  private final Epochs readers = new Epochs();
  private final Epochs writers = new Epochs();
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  /** Rows that others are linked to. */
  private final Sift linkable;

  private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

  /** Held by writers as readers, and by {@link #optimize} as the writer. */
  private final ReentrantReadWriteLock writing = new ReentrantReadWriteLock();

  /** Held while slots are handed out, memory grows and the state is replaced. */
  private final ReentrantLock structure = new ReentrantLock();

  private final ReentrantLock repairing = new ReentrantLock();

  /** Slots whose rows were deleted since the last repair began. */
  private final ConcurrentLinkedQueue<Integer> marked = new ConcurrentLinkedQueue<>();

  private final AtomicInteger markedCount = new AtomicInteger();
  private final AtomicInteger live = new AtomicInteger();
  private final LiveCurve curve;

  /** Held while a curve is measured or the graph is built anew. */
  private final ReentrantLock measuring = new ReentrantLock();

  /** Slots that no link leads to, in the order of the epochs in which they were retired. */
  private final ArrayDeque<Retired> retired = new ArrayDeque<>();

  /** Source of pivots; used while {@link #structure} is held. */
  private final SplittableRandom random;

  /** Slots below which all were used; only {@link #structure} changes it. */
  private volatile int used;

  private volatile State state;

  private record Retired(int slot, long epoch) {}

  /**
   * What readers go by.
   *
   * @param fitted number of rows that the space of the codes was fitted to
   * @param usualError average squared error of a row's codes
   */
  private record State(
      CodeChunks codes, LinkChunks links, Pivots pivots, int fitted, double usualError) {
    State with(Pivots others) {
      return new State(codes, links, others, fitted, usualError);
    }

    State grown() {
      return new State(codes.grown(), links.grown(), pivots, fitted, usualError);
    }

    /** Whether too few rows were there when the space was fitted, and {@code size} are more. */
    boolean outgrown(int size) {
      return fitted < FITTED && size >= Math.max(64, REFIT * fitted);
    }

    /** Whether codes tell little of a row. */
    boolean strays(double lost, float[] row) {
      return lost > STRAYED * usualError || length(row) > 1.00001 * codes.space().longest();
    }
  }

  /**
   * Begins from an index, whose rows, codes and graph are copied; row {@code r} keeps the number
   * {@code r}. The codes of rows to come lie in the space of its rows: those should be like what
   * comes, or {@link #optimize} should follow.
   *
   * @param backend name for reports
   */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public LiveGraph(Kernels kernels, String backend, GraphData data) {
    this(kernels, backend, data, LiveNumbers.first(Math.toIntExact(data.rows().size())));
  }

  /**
   * Begins from an image, whose rows get the numbers that they had.
   *
   * @param backend name for reports
   * @param numbers as {@link #image} gave them
   * @throws VectorDataException if the numbers are not of the data's rows
   */
  @SuppressWarnings("exports")
  public LiveGraph(Kernels kernels, String backend, GraphData data, MemorySegment numbers) {
    this(kernels, backend, data, LiveNumbers.open(numbers, data.rows().size()));
  }

  private LiveGraph(Kernels kernels, String backend, GraphData data, LiveNumbers numbers) {
    this.kernels = kernels;
    this.backend = backend;
    this.spec = data.spec();
    this.metric = data.metric();
    this.settings = new GraphBuilder(spec, kernels).settings(spec.degree());
    this.room = spec.degree() + spec.degree() / 2;
    this.most = Math.max(spec.width(), room + 1);
    this.random = new SplittableRandom(spec.seed());
    Arrays.setAll(stripes, _ -> new ReentrantLock());
    var slots = numbers.liveSlots();
    var chunks = Chunks.holding(numbers.slots());
    this.rows = new LiveRows(chunks, data.rows().dimension());
    this.linkable = Sift.of(rows::live);
    for (int row = 0; row < slots.length; row++) {
      int slot = slots[row];
      rows.write(slot, data.rows(), row);
      rows.used(slot, numbers.uses(slot) - 1);
      rows.revive(slot);
    }
    for (int slot = 0; slot < numbers.slots(); slot++) {
      if (!numbers.live(slot)) {
        rows.used(slot, numbers.uses(slot));
        retired.add(new Retired(slot, 0));
      }
    }
    this.used = numbers.slots();
    this.live.set(slots.length);
    this.state = adopt(data, slots, chunks);
    this.curve = new LiveCurve(data.curve(), slots.length);
    reach();
    if (spec.levels() && data.curve().widest() > 0) { // measured of descents, not of pivots
      fit(MANY, BuildOptions.defaults());
    }
  }

  /** Copies codes and links, row {@code i} of the index to slot {@code slots[i]}. */
  private State adopt(GraphData data, int[] slots, Chunks chunks) {
    if (!(data.codes() instanceof RowCodes theirs)) {
      throw new IllegalArgumentException(
          ("a live graph walks over codes of 4 or 8 bits: index=%s; build it with codes=int4 or"
                  + " codes=int8")
              .formatted(spec));
    }
    var codes = CodeChunks.like(theirs, chunks);
    var links = LinkChunks.of(chunks, room);
    var line = new int[room];
    for (int row = 0; row < slots.length; row++) {
      codes.copyRow(theirs, row, slots[row]);
      int count = data.graph().neighbours(row, line);
      for (int i = 0; i < count; i++) {
        line[i] = slots[line[i]];
      }
      links.set(slots[row], line, count);
    }
    double error = 0;
    var encoder = codes.encoder();
    int sample = Math.min(SAMPLE, slots.length);
    for (int i = 0; i < sample; i++) {
      int slot = slots[(int) ((long) i * slots.length / sample)];
      error += encoder.encode(rows, slot, slot); // the same codes again
    }
    // Of levels, the first rows are kept as pivots: a descent is for graphs that do not change.
    var pivots =
        Arrays.copyOf(
            data.pivots(),
            spec.levels()
                ? Math.min(data.pivots().length, Pivots.count(slots.length))
                : data.pivots().length);
    for (int i = 0; i < pivots.length; i++) {
      pivots[i] = slots[pivots[i]];
    }
    return new State(
        codes, links, pivotsOf(pivots, codes), slots.length, error / Math.max(sample, 1));
  }

  private Pivots pivotsOf(int[] slots, CodeChunks codes) {
    return new Pivots(slots, codes.scorersOf(slots, kernels));
  }

  /** What one thread needs, for one state. */
  private final class Scratch {
    final Epochs.Member reading = readers.join();
    final Epochs.Member linking = writers.join();
    final Rescorer rescorer = new Rescorer(rows, metric);
    final float[] query = new float[rows.dimension()];
    final int[] candidates = new int[4 * most];
    final int[] chosen = new int[most];
    final int[] line = new int[room];
    State seen = state;
    Walk walk = walk();
    RatioWatch watch = watch();
    Heirs heirs = new Heirs(seen.links);
    Pruner pruner = pruner();
    Pivots.Finder finder = finder();
    CodeChunks.Encoder encoder = seen.codes.encoder();

    private Walk walk() {
      return new Walk(seen.links, seen.codes.scorers(kernels));
    }

    private RatioWatch watch() {
      return new RatioWatch(Scored.of(seen.codes.scorers(kernels)));
    }

    private Pruner pruner() {
      return new Pruner(seen.codes.scorers(kernels), settings.alpha(), 4 * most);
    }

    private Pivots.Finder finder() {
      return seen.pivots.finder(walk.scorer());
    }

    /** Goes by the state of now; the caller reads or links already. */
    void refresh() {
      var now = state;
      boolean sameRows = now.links == seen.links;
      if (sameRows && now.pivots == seen.pivots) {
        return;
      }
      seen = now;
      if (!sameRows) {
        walk = walk();
        watch = watch();
        heirs = new Heirs(seen.links);
        pruner = pruner();
        encoder = seen.codes.encoder();
      }
      finder = finder();
    }

    /**
     * Reads the whole line of a row whose lock is held into {@link #line}, and goes by the state of
     * now if rows of the line are new in it.
     */
    int readLine(int row) {
      while (true) {
        int count = seen.links.neighbours(row, line);
        if (state.links == seen.links) { // else links to a later chunk were left out
          return count;
        }
        refresh();
      }
    }

    /** Walks towards what the walk's scorer was set to. */
    Pool run(int width, Sift wanted) {
      var seeds = finder.find();
      return walk.run(seeds, finder.found(), width, wanted);
    }
  }

  private Scratch take() {
    var scratch = idle.poll();
    return scratch == null ? new Scratch() : scratch;
  }

  @Override
  public int size() {
    return live.get();
  }

  /** Number of deleted rows that walks still pass through. */
  public int tombstones() {
    return markedCount.get();
  }

  /** Number of slots that were ever used; slots of deleted rows are used again. */
  public int slots() {
    return used;
  }

  /** Number of rows inserted since the last fit whose codes lost much more than usual. */
  public long strayed() {
    return curve.strayed();
  }

  /** Number of live rows that links lead to from the pivots; counted while nobody writes. */
  public int reached() {
    var now = state;
    var reached = Reach.reached(now.links, now.pivots.rows());
    int count = 0;
    for (int slot = 0; slot < used; slot++) {
      count += reached.get(slot) && rows.live(slot) ? 1 : 0;
    }
    return count;
  }

  @Override
  public String backend() {
    return backend;
  }

  @Override
  public Metric metric() {
    return metric;
  }

  @Override
  public GraphSpec spec() {
    return spec;
  }

  @Override
  public int dimension() {
    return rows.dimension();
  }

  /** What the graph measured of its own walks, last. */
  public RecallCurve curve() {
    return curve.curve();
  }

  @Override
  public float @Nullable [] row(long number) {
    var scratch = take();
    scratch.reading.enter();
    try {
      int slot = (int) number;
      return rows.has(number) ? rows.row(slot) : null;
    } finally {
      scratch.reading.exit();
      idle.push(scratch);
    }
  }

  @Override
  public long insert(float[] row) {
    if (row.length != rows.dimension()) {
      throw new IllegalArgumentException(
          "a row must have the dimension of the index: row=%d, index=%d"
              .formatted(row.length, rows.dimension()));
    }
    for (int i = 0; i < row.length; i++) {
      if (!(Math.abs(row[i]) < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "a row must be finite: element=%d, found=%s".formatted(i, row[i]));
      }
    }
    long number = insertChecked(row);
    if (state.outgrown(live.get())) {
      measuring.lock();
      writing.writeLock().lock();
      try {
        if (state.outgrown(live.get())) { // nobody else did it
          rebuild(BuildOptions.defaults().withThreads(1));
        }
      } finally {
        writing.writeLock().unlock();
        measuring.unlock();
      }
    }
    changed();
    return number;
  }

  /** Counts a change, and measures the curve again if it is due; no lock is held. */
  private void changed() {
    curve.change();
    if (curve.due() && measuring.tryLock()) {
      try {
        if (curve.due()) {
          fit(FEW, BuildOptions.defaults().withThreads(1));
        }
      } finally {
        measuring.unlock();
      }
    }
  }

  /** Measures the curve of the graph of now, on {@code most} rows at most. */
  private void fit(int most, BuildOptions options) {
    repair(options.threads()); // what is walked through, but is no answer, is not measured
    var scratch = take();
    scratch.reading.enter();
    try {
      var at = curve.now();
      var now = state;
      var slots = liveSlots();
      curve.set(measure(now, slots, most, options), slots.length, at);
    } finally {
      scratch.reading.exit();
      idle.push(scratch);
    }
  }

  /** The curve of walks to the rows in {@code slots}, which stay there meanwhile. */
  private RecallCurve measure(State now, int[] slots, int most, BuildOptions options) {
    var sample = sample(rows.pick(slots), most, options);
    sample.addOffTheRows(spec.seed());
    var queries = sample.queries().stream().map(query -> query.renumbered(slots, metric)).toList();
    return new Calibration(
            rows, metric, now.codes.scorers(kernels), now.links, now.pivots, slots.length)
        .curve(queries, options);
  }

  /** Queries that were asked, if there were any, or some of the rows. */
  private CalibrationSample sample(VectorSource all, int most, BuildOptions options) {
    var asked = curve.asked();
    if (asked != null) {
      return CalibrationSample.ofQueries(all, metric, asked, 2 * most, kernels, options);
    }
    int size = Math.toIntExact(all.size());
    var order = CalibrationSample.permutation(size, spec.seed() ^ curve.now().changes());
    return CalibrationSample.ofRows(
        all, metric, Arrays.copyOf(order, Math.min(size, most)), kernels, options);
  }

  private int[] liveSlots() {
    int end = used;
    var slots = new int[end];
    int count = 0;
    for (int slot = 0; slot < end; slot++) {
      if (rows.live(slot)) {
        slots[count++] = slot;
      }
    }
    return Arrays.copyOf(slots, count);
  }

  private long insertChecked(float[] row) {
    writing.readLock().lock();
    try {
      int slot = allocate();
      rows.write(slot, row);
      var scratch = take();
      scratch.reading.enter();
      scratch.linking.enter();
      try {
        return insert(scratch, slot, row);
      } finally {
        scratch.linking.exit();
        scratch.reading.exit();
        idle.push(scratch);
      }
    } finally {
      writing.readLock().unlock();
    }
  }

  /** Adds rows, on several threads; returns their numbers. */
  public long[] insertAll(VectorSource source, int threads) {
    var numbers = new long[Math.toIntExact(source.size())];
    Workers.forEach(
        numbers.length, threads, Progress.NONE, i -> numbers[(int) i] = insert(source.row(i)));
    return numbers;
  }

  /** Hands out a slot that nothing leads to, with memory for it. */
  private int allocate() {
    structure.lock();
    try {
      var oldest = retired.peek();
      if (oldest != null && readers.free(oldest.epoch)) {
        return retired.remove().slot;
      }
      if (used == Chunks.MOST) {
        throw new IllegalStateException("a live graph holds at most %d rows".formatted(used));
      }
      while (used >= rows.size()) {
        rows.grow();
      }
      var now = state;
      if (used >= now.links.size()) {
        state = now.grown();
      }
      int slot = used;
      used = slot + 1;
      return slot;
    } finally {
      structure.unlock();
    }
  }

  private long insert(Scratch scratch, int slot, float[] row) {
    scratch.refresh();
    double lost = scratch.encoder.encode(rows, slot, slot);
    if (scratch.seen.strays(lost, row)) {
      curve.stray();
    }
    var walk = scratch.walk;
    walk.scorer().setRow(slot);
    var pool = scratch.run(settings.width(), linkable);
    int count = 0;
    for (int i = 0; i < pool.size() && count < most; i++) {
      if (!pool.aside(i)) {
        scratch.candidates[count++] = pool.row(i);
      }
    }
    int kept =
        scratch.pruner.prune(
            slot, scratch.candidates, count, settings.chosen(), false, scratch.chosen);
    var links = Arrays.copyOf(scratch.chosen, kept);
    int filled = kept;
    for (int i = 0; i < count && filled < settings.degree(); i++) {
      if (!contains(links, kept, scratch.candidates[i])) {
        scratch.chosen[filled++] = scratch.candidates[i];
      }
    }
    lock(slot);
    try {
      scratch.seen.links.set(slot, scratch.chosen, filled);
    } finally {
      unlock(slot);
    }
    rows.revive(slot);
    long number = rows.number(slot);
    int size = live.incrementAndGet();
    for (int link : links) {
      linkBack(scratch, link, slot);
    }
    int pivots = scratch.seen.pivots.size();
    int wanted = Pivots.count(size);
    if (kept == 0 || wanted > pivots + pivots / 8) {
      addPivots(kept == 0 ? 1 : wanted - pivots, slot);
    }
    return number;
  }

  private static double length(float[] row) {
    double squares = 0;
    for (float value : row) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }

  private void lock(int slot) {
    stripes[slot & STRIPES - 1].lock();
  }

  private void unlock(int slot) {
    stripes[slot & STRIPES - 1].unlock();
  }

  /** Adds a link to the line of {@code row}, which is pruned if it is full. */
  private void linkBack(Scratch scratch, int row, int link) {
    lock(row);
    try {
      int count = scratch.readLine(row);
      if (contains(scratch.line, count, link)) {
        return;
      }
      System.arraycopy(scratch.line, 0, scratch.candidates, 0, count);
      scratch.candidates[count++] = link;
      if (count <= room) {
        scratch.seen.links.set(row, scratch.candidates, count);
      } else {
        prune(scratch, row, count, false);
      }
    } finally {
      unlock(row);
    }
  }

  /** Chooses the links of {@code row} among the first {@code count} candidates. */
  private void prune(Scratch scratch, int row, int count, boolean fill) {
    int kept =
        scratch.pruner.prune(
            row, scratch.candidates, count, settings.degree(), fill, scratch.chosen);
    scratch.seen.links.set(row, scratch.chosen, kept);
  }

  private static boolean contains(int[] rows, int count, int row) {
    for (int i = 0; i < count; i++) {
      if (rows[i] == row) {
        return true;
      }
    }
    return false;
  }

  /** Makes {@code slot} a pivot, and random live rows, {@code count} in all. */
  private void addPivots(int count, int slot) {
    structure.lock();
    try {
      var now = state;
      var before = now.pivots.rows();
      var after = Arrays.copyOf(before, before.length + count);
      int size = before.length;
      int candidate = slot;
      for (int attempt = 0; attempt < 8 * count && size < after.length; attempt++) {
        if (rows.live(candidate) && !contains(after, size, candidate)) {
          after[size++] = candidate;
        }
        candidate = random.nextInt(used);
      }
      state = now.with(pivotsOf(Arrays.copyOf(after, size), now.codes));
    } finally {
      structure.unlock();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>From time to time the caller's thread repairs the graph.
   */
  @Override
  public boolean delete(long number) {
    if (!deleteMarked(number)) {
      return false;
    }
    changed();
    return true;
  }

  private boolean deleteMarked(long number) {
    writing.readLock().lock();
    try {
      if (!rows.bury(number)) {
        return false;
      }
      long rest = live.decrementAndGet();
      marked.add((int) number);
      long count = markedCount.incrementAndGet();
      if (count >= REPAIR_LEAST && count * REPAIR_SHARE >= rest + count && repairing.tryLock()) {
        try {
          repairMarked(1);
        } finally {
          repairing.unlock();
        }
      }
      return true;
    } finally {
      writing.readLock().unlock();
    }
  }

  /**
   * Takes the rows deleted so far out of the graph, while it is searched and changed. Deletions do
   * it by themselves, in batches.
   *
   * @param threads most threads, the caller's among them; 0 for all cores
   */
  public void repair(int threads) {
    writing.readLock().lock();
    try {
      repairing.lock();
      try {
        repairMarked(threads);
      } finally {
        repairing.unlock();
      }
    } finally {
      writing.readLock().unlock();
    }
  }

  private void repairMarked(int threads) {
    var buried = new BitSet();
    for (Integer slot; (slot = marked.poll()) != null; ) {
      buried.set(slot);
    }
    if (buried.isEmpty()) {
      return;
    }
    writers.await(writers.retire()); // from now on nobody links to a buried row
    int end = used;
    Workers.forEach(
        (end + UNIT - 1) / UNIT,
        threads,
        Progress.NONE,
        unit -> {
          var scratch = take();
          scratch.refresh();
          for (int slot = (int) unit * UNIT; slot < Math.min(end, (unit + 1) * UNIT); slot++) {
            if (!buried.get(slot) && rows.occupied(slot)) {
              bypass(scratch, slot, buried);
            }
          }
          idle.push(scratch);
        });
    replacePivots(buried);
    reach();
    structure.lock();
    try {
      buried.stream().forEach(rows::vacate);
      long epoch = readers.retire();
      buried.stream().forEach(slot -> retired.add(new Retired(slot, epoch)));
    } finally {
      structure.unlock();
    }
    markedCount.addAndGet(-buried.cardinality());
  }

  /** Replaces links to buried rows by what those are linked to. */
  private void bypass(Scratch scratch, int row, BitSet buried) {
    lock(row);
    try {
      int count = scratch.readLine(row);
      var candidates = scratch.candidates;
      int all =
          scratch.heirs.collect(
              row,
              scratch.line,
              count,
              link -> buried.get(link) ? Graph.NONE : link,
              heir -> rows.live(heir) ? heir : Graph.NONE,
              candidates);
      if (scratch.heirs.lost() == 0) {
        return;
      }
      if (all <= settings.degree()) {
        scratch.seen.links.set(row, candidates, all);
      } else {
        prune(scratch, row, all, true);
      }
    } finally {
      unlock(row);
    }
  }

  /** Puts a live neighbour in the place of each pivot that was buried. */
  private void replacePivots(BitSet buried) {
    structure.lock();
    try {
      var now = state;
      var before = now.pivots.rows();
      var after = new int[before.length];
      var line = new int[room];
      int size = 0;
      for (int pivot : before) {
        if (!buried.get(pivot)) {
          after[size++] = pivot;
        }
      }
      for (int pivot : before) {
        if (buried.get(pivot)) {
          int count = now.links.neighbours(pivot, line);
          for (int i = 0; i < count; i++) {
            if (rows.live(line[i]) && !contains(after, size, line[i])) {
              after[size++] = line[i];
              break;
            }
          }
        }
      }
      state = now.with(pivotsOf(Arrays.copyOf(after, size), now.codes));
    } finally {
      structure.unlock();
    }
  }

  /** Links live rows that the pivots do not reach. */
  private void reach() {
    var scratch = take();
    for (int round = 0; round <= ROUNDS; round++) {
      int end = used;
      scratch.refresh();
      var reached = Reach.reached(scratch.seen.links, scratch.seen.pivots.rows());
      boolean all = true;
      for (int slot = 0; slot < end; slot++) {
        if (rows.live(slot) && !reached.get(slot)) {
          all = false;
          if (round == ROUNDS) {
            addPivots(1, slot);
          } else {
            linkTo(scratch, slot, reached, round > 0);
          }
          Reach.spread(scratch.seen.links, slot, reached, scratch.line);
        }
      }
      if (all) {
        break;
      }
    }
    idle.push(scratch);
  }

  /** Links the nearest reached row to {@code slot}; the nearest with room, unless {@code force}. */
  private void linkTo(Scratch scratch, int slot, BitSet reached, boolean force) {
    scratch.walk.scorer().setRow(slot);
    var near = scratch.run(settings.width(), linkable).rows();
    for (int row : near) {
      if (row != slot && rows.live(row) && reached.get(row)) {
        lock(row);
        try {
          int count = scratch.readLine(row);
          if (count < room || force) {
            int place = Math.min(count, room - 1);
            scratch.line[place] = slot;
            scratch.seen.links.set(row, scratch.line, place + 1);
            return;
          }
        } finally {
          unlock(row);
        }
      }
    }
  }

  /**
   * Fits the codes to the live rows, builds the graph anew, as the spec says, and measures its
   * recall; rows keep their numbers. Searches go on meanwhile, insertions and deletions wait.
   */
  @Override
  public void optimize(BuildOptions options) {
    measuring.lock();
    writing.writeLock().lock();
    try {
      rebuild(options);
    } finally {
      writing.writeLock().unlock();
      measuring.unlock();
    }
  }

  @Override
  public void calibrate(VectorSource queries, BuildOptions options) {
    Searcher.requireFits(queries, SearchOptions.nearest(1), rows);
    CalibrationSample.requireEnough(queries);
    int count = (int) Math.min(ASKED, queries.size());
    var kept = new float[count][];
    for (int i = 0; i < count; i++) {
      long row = i * queries.size() / count;
      kept[i] = queries.row(row);
      VectorDataException.requireFinite(queries, row, kept[i]);
    }
    measuring.lock();
    try {
      curve.ask(VectorSource.of(kept).slice(0, count));
      fit(MANY, options);
    } finally {
      measuring.unlock();
    }
  }

  private void rebuild(BuildOptions options) {
    var slots = liveSlots();
    var data = new GraphBuilder(spec, kernels).buildUnmeasured(rows.pick(slots), metric, options);
    var fresh = adopt(data, slots, Chunks.holding(Math.toIntExact(rows.size())));
    var measured = measure(fresh, slots, MANY, options);
    structure.lock();
    try {
      state = fresh;
      var gone = List.copyOf(marked);
      marked.clear();
      markedCount.set(0);
      curve.refitted();
      curve.set(measured, slots.length, curve.now());
      gone.forEach(rows::vacate);
      long epoch = readers.retire();
      gone.forEach(slot -> retired.add(new Retired(slot, epoch)));
    } finally {
      structure.unlock();
    }
    reach();
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    return search(queries, options, null);
  }

  /**
   * The nearest of the live rows that are {@code allowed}, by their numbers. Every row of an answer
   * was live at some moment of the search, and all that were live from its beginning to its end are
   * searched for. Equal keys are in the order of the slots, the lower 32 bits of the numbers.
   *
   * @param allowed rows that may be returned, by their numbers, or null for all
   */
  @Override
  public SearchResult search(
      VectorSource queries, SearchOptions options, @Nullable LongPredicate allowed) {
    if (options.filter() != null) {
      throw new IllegalArgumentException(
          "rows of a live graph come and go, so that bits cannot name them: give a predicate of"
              + " their numbers instead");
    }
    Searcher.requireFits(queries, options, rows);
    var asked = curve.plan(options, spec, live.get());
    if (asked == null || (allowed != null && asked.rule() != null)) { // measured without filters
      return exact(queries, options, allowed);
    }
    var plan = asked.rule() == null ? asked.narrowed(Math.max(live.get(), 1)) : asked;
    var sift =
        allowed == null
            ? linkable
            : new Sift(
                slot -> rows.live(slot) && allowed.test(rows.number(slot)),
                false,
                WalkCosts.EVEN,
                live.get());
    return QueryWalks.run(
        queries,
        options,
        SearchReport.of(backend, spec.toString()),
        this::take,
        idle::push,
        (scratch, q, stop) -> walk(scratch, queries, q, plan, sift, allowed != null, stop),
        (query, alone) -> exact(query, alone, allowed));
  }

  private QueryWalks.Walked walk(
      Scratch scratch,
      VectorSource queries,
      int q,
      WalkPlan plan,
      Sift sift,
      boolean filtered,
      StopSignal stop) {
    queries.block(q, 1).decodeRow(0, scratch.query, 0);
    VectorDataException.requireFinite(queries, q, scratch.query);
    scratch.rescorer.start(stop);
    scratch.reading.enter();
    try {
      scratch.refresh();
      long hops = scratch.walk.hops();
      long estimated = scratch.walk.estimated() + scratch.finder.estimated();
      var found = answer(scratch, plan, sift);
      long seen = scratch.walk.estimated() + scratch.finder.estimated() - estimated;
      var work = new Work(seen, scratch.rescorer.count(), scratch.walk.hops() - hops, 0, 0);
      var watch = scratch.watch;
      // Else the walk met fewer rows, or its query is of a kind that walks do not answer.
      boolean all = !plan.misses(watch) && found.size() >= Math.min(plan.k(), live.get());
      return new QueryWalks.Walked(
          all ? found : null,
          work,
          plan.width(watch),
          filtered || !all ? null : plan.expected(watch));
    } finally {
      scratch.reading.exit();
    }
  }

  private Neighbors answer(Scratch scratch, WalkPlan plan, Sift sift) {
    scratch.walk.scorer().setQuery(scratch.query);
    var seeds = scratch.finder.find();
    var watch = plan.start(scratch.watch);
    var pool =
        scratch.walk.run(seeds, scratch.finder.found(), plan.width(), Graph.NONE, watch, sift);
    int rescored = plan.scored(scratch.watch);
    var best = new TopK(plan.k());
    for (int i = 0; i < pool.size() && rescored > 0; i++) {
      int slot = pool.row(i);
      if (!pool.aside(i) && sift.wanted().test(slot)) { // perhaps deleted since
        best.offer(scratch.rescorer.key(scratch.query, slot), slot);
        rescored--;
      }
    }
    return numbered(best);
  }

  /** Drains slots into an answer of numbers; a reader is at work since before they were found. */
  private Neighbors numbered(TopK best) {
    var numbers = new long[best.size()];
    var keys = new double[best.size()];
    best.drain(numbers, keys);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = rows.number((int) numbers[i]);
    }
    return new Neighbors(metric, numbers, keys);
  }

  /** Scans the rows that are live now, chunk by chunk. */
  private SearchResult exact(
      VectorSource queries, SearchOptions options, @Nullable LongPredicate allowed) {
    int count = Math.toIntExact(queries.size());
    var best = new TopK[count];
    Arrays.setAll(best, _ -> new TopK(options.k()));
    var limit = options.limit() == null ? new Limit(count) : options.limit();
    var report = SearchReport.of(backend, spec.toString()).withProved(true).withBatched(count);
    var scratch = take();
    scratch.reading.enter();
    try {
      for (int chunk = 0; chunk < rows.chunkCount(); chunk++) {
        var filter = filter(chunk, allowed);
        if (filter.count() == 0 && chunk > 0) {
          continue;
        }
        // Made anew: a scan remembers the lengths of rows, which may change between searches.
        var scan = new ExactScan(kernels, backend, new FlatData(rows.chunk(chunk), metric, null));
        var found = scan.search(queries, options.withLimit(limit).among(filter));
        limit.offer(found, options.k());
        for (int q = 0; q < count; q++) {
          var some = found.neighbors().get(q);
          for (int rank = 0; rank < some.size(); rank++) {
            best[q].offer(some.key(rank), rows.start(chunk) + some.row(rank));
          }
        }
        report =
            report
                .withBounds(found.report().bounds())
                .withWork(report.work().plus(found.report().work()));
      }
      var answers = new Neighbors[count];
      Arrays.setAll(answers, q -> numbered(best[q]));
      return new SearchResult(List.of(answers), report);
    } finally {
      scratch.reading.exit();
      idle.push(scratch);
    }
  }

  private RowFilter filter(int chunk, @Nullable LongPredicate allowed) {
    var words = rows.liveOf(chunk);
    if (allowed != null) {
      for (int i = 0; i < words.length; i++) {
        for (long rest = words[i]; rest != 0; rest &= rest - 1) {
          int at = i * Long.SIZE + Long.numberOfTrailingZeros(rest);
          if (!allowed.test(rows.number(rows.start(chunk) + at))) {
            words[i] &= ~(1L << at);
          }
        }
      }
    }
    return RowFilter.of(rows.chunk(chunk).size(), words);
  }

  @Override
  public void image(BuildOptions options, ImageReader reader) throws IOException {
    var scratch = take();
    scratch.reading.enter(); // until the end no slot of the image gets another row
    try {
      var image = capture(options);
      var builder = new GraphBuilder(spec, kernels);
      var data = image.finish(builder, metric, options);
      if (curve.curve().widest() > 0) { // a line less is another graph
        data = builder.measured(data, sample(data.rows(), FEW, options), options);
      }
      reader.read(data, image.numbers().part());
    } finally {
      scratch.reading.exit();
      idle.push(scratch);
    }
  }

  /** Copies what changes while an image is read; writers wait meanwhile. */
  private LiveImage capture(BuildOptions options) {
    repair(options.threads()); // most of it while writers go on
    writing.writeLock().lock();
    try {
      repair(options.threads());
      var now = state;
      return LiveImage.of(rows, used, liveSlots(), now.codes, now.links, now.pivots.rows());
    } finally {
      writing.writeLock().unlock();
    }
  }

  /** Bytes of rows, codes and links, with the room for rows to come. */
  @Override
  public long bytes() {
    var now = state;
    return rows.bytes() + now.codes.bytes() + now.links.bytes();
  }
}
