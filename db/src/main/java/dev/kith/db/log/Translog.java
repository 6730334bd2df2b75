package dev.kith.db.log;

import static dev.kith.db.log.Generation.MAX_PAYLOAD;
import static dev.kith.db.log.Generation.RECORDS;
import static dev.kith.db.log.Generation.RECORD_HEADER;

import dev.kith.db.durability.DamagedLogException;
import dev.kith.db.durability.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A write-ahead log: records that are opaque bytes, in a folder of numbered files, each a
 * <i>generation</i>. Format: {@code docs/formats/translog.md}; why it can be trusted: {@code
 * docs/decisions/0011-translog.md}.
 *
 * <p>Appending copies a record into memory. A thread of the log writes what has gathered there and
 * forces it to disk, for all who wait at once. After a crash the log holds a prefix of what was
 * appended, in that order, with all that was acknowledged. An error of the disk ends it for good.
 *
 * <p>Safe for many threads; interrupts neither hurt the log nor end a wait. At most one log may be
 * open on a folder, which its owner sees to.
 */
public final class Translog implements AutoCloseable {
  /** The number of the first generation of a new log. */
  public static final long FIRST_GENERATION = 1;

  private static final System.Logger LOG = System.getLogger(Translog.class.getName());

  /**
   * Appending waits when this many bytes have gathered; the same again may be on its way to disk.
   */
  private static final int BUFFER_LIMIT = 32 << 20;

  private static final int FIRST_BUFFER = 32 << 10;

  /** Larger buffers are given back after use. */
  private static final int KEPT_BUFFER = 8 << 20;

  /** How much of a force's time to wait for writers that are likely to come. */
  private static final int GATHER_DIVISOR = 4;

  private static final long MOST_GATHER_NANOS = 1_000_000;

  private final Path folder;
  private final Fence fence;
  private final boolean request;
  private final long intervalNanos;
  private final Thread writer;

  /** Held by the one that puts a record in: who waits for room is not overtaken. */
  private final ReentrantLock turn = new ReentrantLock();

  /** Guards all below up to the writer's own. */
  private final ReentrantLock lock = new ReentrantLock();

  /** Tells the writer that there is something to do. */
  private final Condition work = lock.newCondition();

  /** Tells the others that a flush is done, a buffer empty, or the log failed. */
  private final Condition progress = lock.newCondition();

  /** Records without their stamps. */
  private ByteBuffer filling = buffer(FIRST_BUFFER);

  private ByteBuffer spare = buffer(FIRST_BUFFER);

  /** Counts of records: appended, being written, known to be on disk, and wanted there. */
  private long appended;

  private long inFlight;
  private long durable;
  private long requested;

  /** Whether the writer should wait for nobody. */
  private boolean urgent;

  /** Threads that wait for what is being written, and for what comes after. */
  private int waitingNow;

  private int waitingNext;

  /** How many threads are worth waiting for before the next flush, and how long. */
  private int expected;

  private long gatherNanos;

  /** Something else for the writer to do; null again when it is done. */
  private @Nullable Action command;

  private @Nullable IOException failure;
  private boolean closing;
  private boolean stopped;

  /** Lengths of closed generations. */
  private final NavigableMap<Long, Long> closed;

  /** The current one, and its bytes that are written or being written. */
  private Generation generation;

  private long end;

  /** The writer's own: the open file, and how much of it is known to be forced. */
  private FileChannel channel;

  /** What the file system calls that file, whatever has its name now; null where it cannot tell. */
  private @Nullable Object identity;

  private long forced = RECORDS;

  private interface Action {
    void run() throws IOException;
  }

  private Translog(
      Path folder,
      Fence fence,
      boolean request,
      Duration interval,
      NavigableMap<Long, Long> closed,
      Generation generation)
      throws IOException {
    this.folder = folder;
    this.fence = fence;
    this.request = request;
    this.intervalNanos = interval.toNanos();
    this.closed = closed;
    this.generation = generation;
    this.channel = create(generation);
    this.identity = identity(generation.file());
    this.end = RECORDS;
    this.writer = Thread.ofPlatform().daemon().name("kith-log " + folder).unstarted(this::work);
  }

  /**
   * Opens the log in {@code folder}, whose parent exists: gives all records of generations from
   * {@code firstGeneration} on to {@code replay}, deletes older generations, and begins a new one.
   * A torn tail is cut off and logged. Nothing is changed before all has been read.
   *
   * @param firstGeneration what {@link #roll} returned at the last checkpoint; {@link
   *     #FIRST_GENERATION} if there was none, and only then the folder may be empty or missing
   * @param durability REQUEST or INTERVAL
   * @param interval with INTERVAL, the time between flushes; positive
   * @param fence asked before each write to the folder, and after each force before what it made
   *     durable is acknowledged; when it throws, the log has failed
   * @throws DamagedLogException if acknowledged records are missing or damaged
   */
  public static Translog open(
      Path folder,
      long firstGeneration,
      Durability durability,
      Duration interval,
      Fence fence,
      RecordConsumer replay)
      throws IOException {
    if (durability == Durability.NONE || firstGeneration < FIRST_GENERATION) {
      throw new IllegalArgumentException(
          "a log needs durability REQUEST or INTERVAL and a generation from 1: durability=%s, firstGeneration=%d; without durability there is no log to open"
              .formatted(durability, firstGeneration));
    }
    if (!interval.isPositive()) {
      throw new IllegalArgumentException(
          "a log's interval must be positive: interval=%s; take a second".formatted(interval));
    }
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(folder);
    }
    var parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      forceFolder(parent);
    }
    var files = files(folder);
    var live = new TreeMap<>(files.tailMap(firstGeneration, true));
    requireContiguous(folder, files, live, firstGeneration);
    var closed = new TreeMap<Long, Long>();
    GenerationReader.@Nullable Outcome last = null;
    for (var entry : live.entrySet()) {
      long number = entry.getKey();
      try (var channel = FileChannel.open(entry.getValue(), StandardOpenOption.READ)) {
        last =
            GenerationReader.read(
                channel,
                entry.getValue(),
                number,
                last == null ? null : last.generation().salt(),
                number == live.lastKey(),
                replay);
      }
      closed.put(number, last.end());
    }
    fence.require(); // a writer that took over while this one read has files of its own by now
    for (var old : files.headMap(firstGeneration).values()) {
      Files.delete(old);
    }
    long next = firstGeneration;
    long salt = new SecureRandom().nextLong();
    if (last != null) {
      settle(last);
      fence.require();
      next = last.generation().number() + 1;
      salt = last.generation().salt();
    }
    var log =
        new Translog(
            folder,
            fence,
            durability == Durability.REQUEST,
            interval,
            closed,
            new Generation(folder.resolve(Generation.fileName(next)), next, salt));
    log.writer.start();
    return log;
  }

  /**
   * Whether a log, which another process may be writing, holds records from a generation on.
   *
   * @param folder which need not be there
   */
  public static boolean holdsRecords(Path folder, long firstGeneration) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (var entries = Files.newDirectoryStream(folder)) {
      for (var entry : entries) {
        if (Generation.numberOf(entry.getFileName().toString()) >= firstGeneration
            && Files.size(entry) > RECORDS) {
          return true;
        }
      }
    } catch (NoSuchFileException e) {
      return true; // its writer began a generation meanwhile
    }
    return false;
  }

  /** Deletes all files of a log that nobody has open; what a collection without one does. */
  public static void delete(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      for (var file : files(folder).values()) {
        Files.delete(file);
      }
    }
  }

  /** Files by number; deletes those that were not finished. */
  private static NavigableMap<Long, Path> files(Path folder) throws IOException {
    var files = new TreeMap<Long, Path>();
    try (var entries = Files.newDirectoryStream(folder)) {
      for (var entry : entries) {
        var name = entry.getFileName().toString();
        long number = Generation.numberOf(name);
        if (number >= FIRST_GENERATION) {
          files.put(number, entry);
        } else if (name.endsWith(UNFINISHED)) {
          Files.delete(entry);
        }
      }
    }
    return files;
  }

  private static final String UNFINISHED = ".log.tmp";

  private static void requireContiguous(
      Path folder,
      NavigableMap<Long, Path> files,
      NavigableMap<Long, Path> live,
      long firstGeneration) {
    if (files.isEmpty() && firstGeneration == FIRST_GENERATION) {
      return;
    }
    long expected = firstGeneration;
    for (long number : live.keySet()) {
      if (number != expected) {
        break;
      }
      expected++;
    }
    if (live.isEmpty() || live.lastKey() >= expected) {
      var next = live.higherKey(expected);
      throw new DamagedLogException(
          "a log must have all generations from %d on".formatted(firstGeneration),
          folder.resolve(Generation.fileName(expected)),
          0,
          "this file",
          next == null ? "none" : Generation.fileName(next));
    }
  }

  /**
   * Makes the last file durable and seals it. What was never known to be durable is written again:
   * after a failed force the pages may be clean and yet not on disk.
   */
  private static void settle(GenerationReader.Outcome last) throws IOException {
    var generation = last.generation();
    try (var channel =
        FileChannel.open(generation.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (last.tear() != null) {
        LOG.log(
            System.Logger.Level.WARNING,
            "a torn tail that was never acknowledged is cut off: file={0}, offset={1}, bytes={2},"
                + " expected {3}",
            generation.file(),
            String.valueOf(last.end()),
            String.valueOf(channel.size() - last.end()),
            last.tear());
        channel.truncate(last.end());
      }
      var bytes = ByteBuffer.allocate(1 << 16);
      for (long at = last.durable(); at < last.end(); at += bytes.limit()) {
        bytes.clear().limit((int) Math.min(bytes.capacity(), last.end() - at));
        GenerationReader.readFully(channel, generation.file(), bytes, at);
        writeFully(channel, bytes.flip(), at);
      }
      channel.force(true);
      writeFully(channel, generation.seal(last.end()), Generation.SEAL);
      channel.force(true);
    }
  }

  /** Makes a file that exists either with its header or not at all. */
  private static FileChannel create(Generation generation) throws IOException {
    var unfinished = generation.file().resolveSibling(generation.number() + UNFINISHED);
    Files.deleteIfExists(unfinished);
    var channel =
        FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      writeFully(channel, generation.header(), 0);
      channel.force(true);
      publish(unfinished, generation.file());
      var folder = generation.file().getParent();
      if (folder != null) {
        forceFolder(folder);
      }
      return channel;
    } catch (IOException | RuntimeException e) {
      try {
        channel.close();
      } catch (IOException ignored) {
        e.addSuppressed(ignored);
      }
      throw e;
    }
  }

  /** Gives a file its name, which no other file may have. */
  private static void publish(Path unfinished, Path file) throws IOException {
    try {
      Files.createLink(file, unfinished);
    } catch (FileAlreadyExistsException e) {
      throw thereAlready(file, e);
    } catch (IOException | UnsupportedOperationException e) { // a file system without hard links
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw thereAlready(file, e); // which a move would replace
      }
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    Files.delete(unfinished);
  }

  private static IOException thereAlready(Path file, Exception cause) {
    return new IOException(
        "a generation of the log is there already, so another writer made it: file=%s; let one process write the collection"
            .formatted(file),
        cause);
  }

  private static void forceFolder(Path folder) throws IOException {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long offset)
      throws IOException {
    long start = offset - bytes.position();
    while (bytes.hasRemaining()) {
      channel.write(bytes, start + bytes.position());
    }
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Appends a record; blocks while much waits to be written.
   *
   * @param parts the record's bytes, 1 to 2^30 together; positions are left alone
   * @return what to give to {@link #awaitDurable}: larger for later records
   * @throws LogFailedException if the log has failed
   */
  public long append(ByteBuffer... parts) {
    long length = 0;
    var crc = new CRC32C();
    for (var part : parts) {
      length += part.remaining();
      crc.update(part.duplicate());
    }
    if (length < 1 || length > MAX_PAYLOAD) {
      throw new IllegalArgumentException(
          "a record must have 1 to %d bytes: bytes=%d, log=%s; split it"
              .formatted(MAX_PAYLOAD, length, folder));
    }
    turn.lock();
    lock.lock();
    try {
      requireOpen();
      while (!hasRoom(RECORD_HEADER + (int) length)) {
        requested = appended;
        urgent = true;
        work.signal();
        progress.awaitUninterruptibly();
        requireOpen();
      }
      filling.putInt((int) length).putLong(0).putInt((int) crc.getValue()).putInt(0);
      for (var part : parts) {
        filling.put(part.duplicate());
      }
      if (!request && appended == durable) {
        work.signal();
      }
      return ++appended;
    } finally {
      lock.unlock();
      turn.unlock();
    }
  }

  private boolean hasRoom(int bytes) {
    if (bytes <= filling.remaining()) {
      return true;
    }
    long wanted = (long) filling.position() + bytes;
    if (filling.position() > 0 && wanted > BUFFER_LIMIT) {
      return false;
    }
    long capacity = Math.max(wanted, Math.min(2L * filling.capacity(), BUFFER_LIMIT));
    filling = buffer((int) capacity).put(filling.flip());
    return true;
  }

  /**
   * With REQUEST, returns once the record is on disk; with INTERVAL at once.
   *
   * @param position what {@link #append} returned
   * @throws LogFailedException if the log failed before
   */
  public void awaitDurable(long position) {
    lock.lock();
    try {
      if (position > appended) {
        throw new IllegalArgumentException(
            "a position must be one that append returned: position=%d, appended=%d, log=%s; await what was appended here"
                .formatted(position, appended, folder));
      }
      if (!request) {
        requireNotFailed();
        return;
      }
      await(position);
    } finally {
      lock.unlock();
    }
  }

  /** Returns once everything that was appended before is on disk. */
  public void flush() {
    lock.lock();
    try {
      urgent |= durable < appended;
      await(appended);
    } finally {
      lock.unlock();
    }
  }

  private void await(long position) {
    if (durable >= position) {
      return;
    }
    if (position <= inFlight) {
      waitingNow++;
    } else {
      waitingNext++;
    }
    requested = Math.max(requested, position);
    work.signal();
    while (durable < position) {
      requireNotFailed();
      progress.awaitUninterruptibly();
    }
  }

  /**
   * Begins a new generation. Everything that was appended before is then durable in older ones;
   * what is appended meanwhile may be in either, so hold off appending where that matters.
   *
   * @return the new generation's number
   */
  public long roll() {
    requireOpen();
    order(
        () -> {
          flushNow();
          seal();
          requireOwn();
          var next = generation.number() + 1;
          var following =
              new Generation(folder.resolve(Generation.fileName(next)), next, generation.salt());
          var before = channel;
          channel = create(following);
          identity = identity(following.file());
          before.close();
          lock.lock();
          try {
            closed.put(generation.number(), end);
            generation = following;
            end = RECORDS;
            forced = RECORDS;
          } finally {
            lock.unlock();
          }
        });
    return generation();
  }

  /**
   * Deletes older generations, oldest first. What fails to be deleted is tried again next time.
   *
   * @param number at most the current generation's
   */
  public void deleteBefore(long number) throws IOException {
    lock.lock();
    try {
      if (number > generation.number()) {
        throw new IllegalArgumentException(
            "the current generation must be kept: deleteBefore=%d, current=%d, log=%s; roll first"
                .formatted(number, generation.number(), folder));
      }
      var old = closed.headMap(number).keySet().iterator();
      while (old.hasNext()) {
        Files.deleteIfExists(folder.resolve(Generation.fileName(old.next())));
        old.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The number of the file that is being written. */
  public long generation() {
    lock.lock();
    try {
      return generation.number();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of all generations that are not deleted, with what waits to be written. */
  public long bytes() {
    lock.lock();
    try {
      return closed.values().stream().mapToLong(Long::longValue).sum() + end + filling.position();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes everything durable and seals the log. A log that has failed is only closed.
   *
   * @throws LogFailedException if it fails only now
   */
  @Override
  public void close() {
    boolean seal;
    lock.lock();
    try {
      if (closing) {
        return;
      }
      closing = true;
      seal = failure == null;
    } finally {
      lock.unlock();
    }
    try {
      if (seal) {
        order(
            () -> {
              flushNow();
              seal();
            });
      }
    } finally {
      stop();
    }
  }

  private void stop() {
    lock.lock();
    try {
      stopped = true;
      work.signal();
      progress.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (writer.isAlive()) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void requireOpen() {
    lock.lock();
    try {
      requireNotFailed();
      if (closing) {
        throw wasClosed();
      }
    } finally {
      lock.unlock();
    }
  }

  private IllegalStateException wasClosed() {
    return new IllegalStateException(
        "a log must be open: log=%s, closed; open it again".formatted(folder));
  }

  private void requireNotFailed() {
    if (failure != null) {
      throw new LogFailedException(generation.file(), failure);
    }
  }

  /** Has the writer do something and waits for it. */
  private void order(Action action) {
    lock.lock();
    try {
      while (command != null && !stopped) {
        progress.awaitUninterruptibly();
      }
      requireNotFailed();
      if (stopped) {
        throw wasClosed();
      }
      command = action;
      work.signal();
      while (command == action) {
        progress.awaitUninterruptibly();
      }
      requireNotFailed();
    } finally {
      lock.unlock();
    }
  }

  /** What the writer does. No other thread touches the channel, so no interrupt closes it. */
  private void work() {
    lock.lock();
    try {
      while (awaitWork()) {
        var action = command;
        lock.unlock();
        try {
          if (action == null) {
            flushNow();
          } else {
            action.run();
          }
        } catch (IOException e) {
          fail(e);
        } catch (RuntimeException | Error e) {
          fail(new IOException(e.toString(), e));
        } finally {
          lock.lock();
        }
        if (action != null) {
          command = null;
          progress.signalAll();
        }
      }
    } finally {
      lock.unlock();
      try {
        channel.close();
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, "a log file was not closed: " + generation.file(), e);
      }
    }
  }

  /** True if there is something to do, false if the log is closed. */
  private boolean awaitWork() {
    while (!stopped || command != null) {
      if (failure != null && command != null) {
        command = null;
        progress.signalAll();
      } else if (command != null) {
        return true;
      } else if (failure != null) {
        work.awaitUninterruptibly();
      } else if (requested > durable) {
        gather();
        return true;
      } else if (!request && appended > durable) {
        awaitInterval();
        requested = appended;
      } else {
        work.awaitUninterruptibly();
      }
    }
    return false;
  }

  /** Those who were released by the last flush are likely to come back: one flush serves all. */
  private void gather() {
    awaitAtMost(gatherNanos, () -> waitingNext >= expected || urgent);
  }

  private void awaitInterval() {
    awaitAtMost(intervalNanos, () -> requested > durable);
  }

  private void awaitAtMost(long nanos, BooleanSupplier enough) {
    long left = nanos;
    try {
      while (left > 0 && !enough.getAsBoolean() && command == null && !stopped) {
        left = work.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      // nobody has reason to interrupt the writer: it is early then, which harms nothing
    }
  }

  private void fail(IOException cause) {
    lock.lock();
    try {
      failure = cause;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Writes and forces what has gathered. The writer's. */
  private void flushNow() throws IOException {
    ByteBuffer records;
    long start;
    lock.lock();
    try {
      urgent = false;
      if (filling.position() == 0) {
        return;
      }
      records = filling.flip();
      filling = spare;
      start = end;
      end += records.limit();
      inFlight = appended;
      waitingNow = waitingNext;
      waitingNext = 0;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
    stamp(records, start);
    requireOwn();
    writeFully(channel, records, start);
    long before = System.nanoTime();
    channel.force(false);
    long took = System.nanoTime() - before;
    requireOwn(); // one that opens the log after this will read these records
    lock.lock();
    try {
      durable = inFlight;
      forced = end;
      expected = waitingNow + waitingNext;
      gatherNanos = Math.min(took / GATHER_DIVISOR, MOST_GATHER_NANOS);
      spare = records.capacity() > KEPT_BUFFER ? buffer(FIRST_BUFFER) : records.clear();
      end += RECORD_HEADER;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
    writeFully(channel, generation.mark(forced), forced);
  }

  /** Returns if the folder is still this log's, and the file that is being written still in it. */
  private void requireOwn() throws IOException {
    fence.require();
    var file = generation.file();
    if (identity != null && !identity.equals(identity(file))) {
      throw new IOException(
          "the log's file was removed or replaced while it was written: file=%s; let nothing else change the folder"
              .formatted(file));
    }
  }

  /** What the file system calls the file of that name; null if there is none or it cannot tell. */
  private static @Nullable Object identity(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private void stamp(ByteBuffer records, long start) {
    for (int at = 0; at < records.limit(); at += RECORD_HEADER + records.getInt(at)) {
      generation.stamp(records, at, start + at, forced);
    }
  }

  /** Seals the file, whose records are durable. The writer's. */
  private void seal() throws IOException {
    channel.force(true);
    requireOwn();
    writeFully(channel, generation.seal(end), Generation.SEAL);
    channel.force(true);
  }
}
