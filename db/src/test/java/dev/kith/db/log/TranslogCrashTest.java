package dev.kith.db.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.db.durability.DamagedLogException;
import dev.kith.db.testing.SimulatedDisk;
import dev.kith.db.testing.SimulatedDisk.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts, kills and errors at every operation, against {@link LogModel}. */
@ExtendWith(Seeded.class)
class TranslogCrashTest {
  private static final int CRASHES = 4;

  /** Held, so that it stays quiet: these tests tear thousands of tails. */
  private static final Logger LOG = Logger.getLogger(Translog.class.getName());

  @BeforeAll
  static void beQuiet() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void speakAgain() {
    LOG.setLevel(null);
  }

  /** The forces of a log. Each is needed: a log that lacks one must fail these tests. */
  enum Force {
    /** Of a new file with its header, before it gets its name. */
    HEADER {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        var seen = new HashSet<Path>();
        return path -> isUnfinished(path) && seen.add(path);
      }
    },
    /** Of records that are awaited. */
    RECORDS {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> isUnfinished(path) && !hasSeal(path) && !endsWithMark(path);
      }
    },
    /** Of the last mark, before the seal says where the file ends. */
    BEFORE_SEAL {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> isUnfinished(path) && !hasSeal(path) && endsWithMark(path);
      }
    },
    /** Of a seal, before the next generation begins. */
    AFTER_SEAL {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> isUnfinished(path) && hasSeal(path);
      }
    },
    /** Of a file that was not closed: of its tail, before it is sealed. */
    BEFORE_LATE_SEAL {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> isFinished(path) && !hasSeal(path);
      }
    },
    /** Of its seal. */
    AFTER_LATE_SEAL {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> isFinished(path) && hasSeal(path);
      }
    },
    /** Of the log's folder, which names the generations. */
    FOLDER {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> path.equals(LogModel.folder(disk));
      }
    },
    /** Of the folder that names the log's folder. */
    PARENT {
      @Override
      Predicate<Path> in(SimulatedDisk disk) {
        return path -> path.equals(disk.path("/db"));
      }
    };

    abstract Predicate<Path> in(SimulatedDisk disk);

    /** Files keep the name here under which they were opened. */
    private static boolean isUnfinished(Path path) {
      return path.toString().endsWith(".tmp");
    }

    private static boolean isFinished(Path path) {
      return path.toString().endsWith(".log");
    }

    private static ByteBuffer bytes(Path path) {
      try {
        var file = path;
        if (isUnfinished(path) && !Files.exists(path)) {
          var name = path.getFileName().toString();
          long number = Long.parseLong(name.substring(0, name.indexOf('.')));
          file = path.resolveSibling(Generation.fileName(number));
        }
        return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static boolean hasSeal(Path path) {
      return bytes(path).getLong(Generation.SEAL) != 0;
    }

    private static boolean endsWithMark(Path path) {
      var bytes = bytes(path);
      int mark = bytes.limit() - Generation.RECORD_HEADER;
      return mark >= Generation.RECORDS && bytes.getLong(mark) == (long) mark << 32;
    }
  }

  private static void roundsUntilDone(SplittableRandom random, Round round) throws IOException {
    for (int effort = 0; effort < Seeded.effort(); effort++) {
      int n = 1;
      while (round.fails(n++, random)) {
        assertThat(n).isLessThan(1000);
      }
      assertThat(n).as("operations").isGreaterThan(20);
    }
  }

  private interface Round {
    boolean fails(int operation, SplittableRandom random) throws IOException;
  }

  /** Cuts the power at operation {@code n}; then again while the log recovers and goes on. */
  private static boolean cutTwice(int n, SplittableRandom random, @Nullable Force missing)
      throws IOException {
    return crashAt(LogModel.newDisk(), n, new LogModel(), random, missing, true);
  }

  private static boolean crashAt(
      SimulatedDisk disk,
      int n,
      LogModel model,
      SplittableRandom random,
      @Nullable Force missing,
      boolean again)
      throws IOException {
    if (missing != null) {
      disk.ignoreForces(missing.in(disk));
    }
    disk.failFrom(disk.operations() + n, Fault.OFF);
    try {
      model.work(disk, random);
    } catch (IOException e) {
      assertThat(disk.faultFired()).isTrue();
    }
    boolean fired = disk.faultFired();
    for (int i = 0; i < CRASHES; i++) {
      LogModel.copyOf(model).check(disk.crash(random));
    }
    LogModel.copyOf(model).check(disk.kill());
    if (again) {
      var after = random.nextBoolean() ? disk.kill() : disk.crash(random);
      crashAt(
          after,
          1 + random.nextInt(random.nextBoolean() ? 8 : 40),
          LogModel.copyOf(model),
          random,
          missing,
          false);
    }
    return fired;
  }

  @Test
  void powerCut_atEachOperation_keepsAPrefixWithAllAcknowledged(SplittableRandom random)
      throws IOException {
    roundsUntilDone(random, (n, r) -> cutTwice(n, r, null));
  }

  @ParameterizedTest
  @EnumSource
  void powerCut_aForceIsMissing_isFound(Force missing, SplittableRandom random) throws IOException {
    for (int n = 1; n < 2000; n++) {
      try {
        cutTwice(1 + n % 70, random, missing);
      } catch (AssertionError | DamagedLogException e) {
        return;
      }
    }
    throw new AssertionError("nobody missed the force " + missing);
  }

  @ParameterizedTest
  @EnumSource(names = "OFF", mode = EnumSource.Mode.EXCLUDE)
  void fault_atEachOperation_keepsAPrefixWithAllAcknowledged(Fault fault, SplittableRandom random)
      throws IOException {
    roundsUntilDone(
        random,
        (n, r) -> {
          var disk = LogModel.newDisk();
          disk.failFrom(disk.operations() + n, fault);
          var model = new LogModel();
          try {
            model.work(disk, r);
          } catch (IOException e) {
            assertThat(disk.faultFired()).isTrue();
          }
          boolean fired = disk.faultFired();
          disk.repair();
          LogModel.copyOf(model).check(disk.crash(r));
          // the process lives on and opens the log again: pages that look clean may be lost
          model.work(disk, r);
          for (int i = 0; i < CRASHES; i++) {
            LogModel.copyOf(model).check(disk.crash(r));
          }
          return fired;
        });
  }

  /**
   * A force that failed leaves pages that are read but not on disk; recovery must not trust them.
   */
  @Test
  void fault_forceFailedThenReopened_recoveredRecordsAreDurable(SplittableRandom random)
      throws IOException {
    var disk = LogModel.newDisk();
    var model = new LogModel();
    try (var log = model.open(disk)) {
      long position = model.append(log, 0);
      disk.failFrom(disk.operations() + 2, Fault.ONCE);
      try {
        log.awaitDurable(position);
        throw new AssertionError("the force was to fail");
      } catch (LogFailedException e) {
        assertThat(e).hasMessageContaining("Input/output error");
      }
    }
    disk.repair();
    model.check(disk);
    assertThat(model.records()).isEqualTo(1);
    for (int i = 0; i < 20; i++) {
      LogModel.copyOf(model).check(disk.crash(random));
    }
  }
}
