package dev.kith.db.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.db.durability.Durability;
import dev.kith.db.testing.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * What a log must hold: the definition that {@link Translog} is tested against. A log holds a
 * prefix of what was appended, in that order, with all that was acknowledged.
 */
final class LogModel {
  private static final Duration NEVER = Duration.ofDays(1);
  private static final long NOT_YET = -1;
  private static final AtomicLong IDS = new AtomicLong();

  /** Ids of all records, in order of their positions. */
  private final List<Long> order = new ArrayList<>();

  /** How many of them, from the first on, must be there. */
  private int acknowledged;

  /** What a checkpoint keeps: the first generation to replay, and its first record. */
  private long firstGeneration = Translog.FIRST_GENERATION;

  private int firstRecord;

  /** What went wrong in one of the threads. */
  private volatile @Nullable AssertionError wrong;

  static LogModel copyOf(LogModel other) {
    var copy = new LogModel();
    copy.order.addAll(other.order);
    copy.acknowledged = other.acknowledged;
    copy.firstGeneration = other.firstGeneration;
    copy.firstRecord = other.firstRecord;
    return copy;
  }

  /** An empty disk with a folder that will hold a log. */
  static SimulatedDisk newDisk() throws IOException {
    var disk = new SimulatedDisk();
    Files.createDirectory(disk.path("/db"));
    try (var root = FileChannel.open(disk.path("/"), StandardOpenOption.READ)) {
      root.force(true);
    }
    return disk;
  }

  static Path folder(SimulatedDisk disk) {
    return disk.path("/db/log");
  }

  /** A record that its id describes wholly. */
  static ByteBuffer payload(long id) {
    var random = new SplittableRandom(id);
    var bytes = new byte[8 + random.nextInt(random.nextInt(8) == 0 ? 3000 : 100)];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, id);
  }

  static long idOf(ByteBuffer payload) {
    long id = payload.getLong(0);
    assertThat(payload).as("record %d", id).isEqualTo(payload(id));
    return id;
  }

  /** Opens a log on the disk and checks what it gives. */
  Translog open(SimulatedDisk disk) throws IOException {
    var found = new ArrayList<Long>();
    var log =
        Translog.open(
            folder(disk),
            firstGeneration,
            Durability.REQUEST,
            NEVER,
            Fence.NONE,
            (generation, offset, payload) -> found.add(idOf(payload)));
    try {
      assertThat(found.size())
          .as("records")
          .isBetween(acknowledged - firstRecord, order.size() - firstRecord);
      assertThat(found).isEqualTo(order.subList(firstRecord, firstRecord + found.size()));
    } catch (AssertionError e) {
      log.close();
      throw e;
    }
    order.subList(firstRecord + found.size(), order.size()).clear();
    acknowledged = order.size();
    return log;
  }

  /** Opens, checks and closes. */
  void check(SimulatedDisk disk) throws IOException {
    open(disk).close();
  }

  /** Three threads append and await while generations begin and end, until all is done or fails. */
  void work(SimulatedDisk disk, SplittableRandom random) throws IOException {
    try (var log = open(disk)) {
      int before = order.size();
      var holdOff = new ReentrantReadWriteLock();
      var threads = new ArrayList<Thread>();
      for (int t = 0; t < 3; t++) {
        var mine = random.split();
        threads.add(Thread.ofVirtual().start(() -> append(log, before, holdOff, mine)));
      }
      try {
        for (int i = 0; i < 2; i++) {
          holdOff.writeLock().lock();
          try {
            long generation = log.roll();
            synchronized (this) {
              acknowledged = order.size();
              firstGeneration = generation;
              firstRecord = order.size();
            }
          } finally {
            holdOff.writeLock().unlock();
          }
          if (i == 1) {
            log.deleteBefore(firstGeneration);
          }
        }
      } finally {
        for (var thread : threads) {
          join(thread);
        }
      }
    } catch (LogFailedException e) {
      assertThat(disk.faultFired()).isTrue();
    }
    if (wrong != null) {
      throw wrong;
    }
  }

  private void append(
      Translog log, int before, ReentrantReadWriteLock holdOff, SplittableRandom random) {
    try {
      for (int i = 0; i < 6; i++) {
        holdOff.readLock().lock();
        try {
          long position = append(log, before);
          if (random.nextBoolean()) {
            log.awaitDurable(position);
            acknowledge(before, position);
          }
        } finally {
          holdOff.readLock().unlock();
        }
      }
    } catch (LogFailedException e) {
      // expected where the disk fails: work() sees it when it rolls
    } catch (AssertionError e) {
      wrong = e;
    }
  }

  /** Appends a new record; returns its position. */
  long append(Translog log, int before) {
    long id = IDS.incrementAndGet();
    long position = log.append(payload(id));
    synchronized (this) {
      int index = before + (int) position - 1;
      while (order.size() <= index) {
        order.add(NOT_YET);
      }
      assertThat(order.set(index, id)).as("position %d", position).isEqualTo(NOT_YET);
    }
    return position;
  }

  synchronized void acknowledge(int before, long position) {
    acknowledged = Math.max(acknowledged, before + (int) position);
  }

  int records() {
    return order.size();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
