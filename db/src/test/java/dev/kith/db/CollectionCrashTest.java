package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Query;
import dev.kith.db.testing.SimulatedDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same operations again and again, on a disk that goes wrong at another of its operations each
 * time. Whatever it is, what was acknowledged is there after reopening, and the operation that was
 * under way is there as a whole or not at all.
 */
@ExtendWith(Seeded.class)
class CollectionCrashTest {
  private static final String NAME = "points";

  /** Rounds in which the disk goes wrong, spread over all operations of the disk. */
  private static final int ROUNDS = 40 * Seeded.effort();

  /** Some operations on a collection, as far as they come. */
  private static final class Story {
    private final SplittableRandom random;
    private final RandomPoints points;
    private final Model acknowledged;

    /** With the operation that failed, if one did. */
    private Model whole;

    private final List<Model> moments = new ArrayList<>();
    private @Nullable Kith kith;
    private @Nullable Collection collection;
    private boolean created;
    private @Nullable RuntimeException failure;

    Story(long seed) {
      random = new SplittableRandom(seed);
      acknowledged = new Model(RandomPoints.schema(random));
      whole = acknowledged;
      points = new RandomPoints(random, acknowledged.schema);
    }

    private static Model copy(Model model) {
      var copy = new Model(model.schema);
      copy.points.putAll(model.points);
      return copy;
    }

    private interface Change {
      void apply(Model model);
    }

    /** False once something has failed. */
    private boolean step(Runnable operation, Change change) {
      if (failure == null) {
        try {
          operation.run();
          change.apply(acknowledged);
          moments.add(copy(acknowledged));
        } catch (RuntimeException e) {
          failure = e;
          whole = copy(acknowledged);
          change.apply(whole);
        }
      }
      return failure == null;
    }

    Story tell(SimulatedDisk disk) {
      step(
          () -> {
            kith = Kith.open(disk.path("/a/db"));
            collection =
                kith.create(
                    NAME, acknowledged.schema, CollectionOptions.DEFAULT.withCheckpointBytes(4000));
          },
          _ -> {});
      created = failure == null;
      for (int i = 0; i < 14 && failure == null; i++) {
        switch (random.nextInt(9)) {
          case 0 -> delete();
          case 1 -> step(() -> open().checkpoint(), _ -> {});
          case 2 -> step(() -> open().optimize(), _ -> {});
          case 3 -> replacePayload();
          case 4 -> change();
          default -> upsert();
        }
        if (random.nextInt(3) == 0) {
          step(() -> open().count(), _ -> {}); // makes a segment
        }
      }
      return this;
    }

    private Collection open() {
      return requireNonNull(collection);
    }

    private void upsert() {
      var batch = points.points(4);
      step(() -> open().upsert(batch), model -> batch.forEach(model::upsert));
    }

    private void delete() {
      var ids = List.of(points.filters.id(), points.filters.id());
      step(() -> open().delete(ids), model -> ids.forEach(model.points::remove));
    }

    private void replacePayload() {
      var ids = List.of(points.filters.id());
      var payload = points.filters.payload();
      step(() -> open().replacePayload(ids, payload), model -> model.replacePayload(ids, payload));
    }

    /** Several points are changed by one call: all of them, or none. */
    private void change() {
      var batch = points.points(4);
      var values = points.filters.payload();
      var filter = points.filters.filter(1);
      var ids = acknowledged.matching(filter);
      switch (random.nextInt(5)) {
        case 0 ->
            step(() -> open().insertIfAbsent(batch), model -> batch.forEach(model::insertIfAbsent));
        case 1 ->
            step(
                () -> open().mergePayload(filter, values),
                model -> model.mergePayload(ids, values));
        case 2 -> {
          var paths = List.copyOf(acknowledged.schema.fields().keySet());
          step(() -> open().removeKeys(filter, paths), model -> model.removeKeys(ids, paths));
        }
        case 3 -> step(() -> open().delete(filter), model -> ids.forEach(model.points::remove));
        default -> {
          var rows = new HashMap<PointId, float[]>();
          ids.forEach(id -> rows.put(id, points.vector(Schema.VECTOR)));
          step(() -> open().updateVectors(rows), model -> model.updateVectors(Schema.VECTOR, rows));
        }
      }
    }

    /** What is there after reopening, or what is wrong with it. */
    @Nullable String reopened(SimulatedDisk disk) {
      try (var again = Kith.open(disk.path("/a/db"))) {
        if (!again.list().contains(NAME)) {
          return created ? "the collection is gone" : null;
        }
        var found = again.collection(NAME);
        if (equal(found, acknowledged) || equal(found, whole)) {
          var problems = found.verify();
          return problems.isEmpty() ? null : problems.getFirst();
        }
        return "neither what was acknowledged nor that and the failed operation: " + ids(found);
      } catch (RuntimeException e) {
        return "it cannot be opened: " + e;
      }
    }

    /** Null if it can be read and is as it was at one moment, the last one unless it says so. */
    @Nullable String unreadable(Collection collection) {
      if (equal(collection, acknowledged) || equal(collection, whole)) {
        return null;
      }
      var query = Query.nearest(points.vector(Schema.VECTOR));
      boolean stale = collection.query(query).report().stale();
      if (stale && moments.stream().anyMatch(moment -> equal(collection, moment))) {
        return null;
      }
      return "stale=%s, found=%s, acknowledged=%s, whole=%s, failure=%s"
          .formatted(
              stale, ids(collection), acknowledged.points.keySet(), whole.points.keySet(), failure);
    }

    private static List<PointId> ids(Collection collection) {
      var ids = new ArrayList<PointId>();
      try (var reader = collection.reader()) {
        reader.forEachId(null, ids::add);
      }
      return ids;
    }

    private static boolean equal(Collection collection, Model model) {
      try {
        model.check(collection);
        return true;
      } catch (AssertionError e) {
        return false;
      }
    }
  }

  /** Operations of a disk that nothing goes wrong with. */
  private static long operations(long seed) {
    var disk = new SimulatedDisk();
    assertThat(new Story(seed).tell(disk).failure).isNull();
    return disk.operations();
  }

  private static long at(int round, long operations) {
    return ROUNDS >= operations ? round + 1 : 1 + round * operations / ROUNDS;
  }

  @Test
  void powerCut_atAnyOperation_losesNothingAcknowledged(SplittableRandom random) {
    long seed = random.nextLong();
    long operations = operations(seed);
    for (int round = 0; round < Math.min(ROUNDS, operations); round++) {
      assertThat(powerCut(seed, at(round, operations), random, _ -> false))
          .as("seed=%d, operation=%d", seed, at(round, operations))
          .isNull();
    }
  }

  /** What is wrong after a power cut at that operation, or null. */
  private static @Nullable String powerCut(
      long seed, long operation, SplittableRandom random, Predicate<Path> unforced) {
    var disk = new SimulatedDisk();
    disk.ignoreForces(unforced);
    disk.failFrom(operation, SimulatedDisk.Fault.OFF);
    var story = new Story(seed).tell(disk);
    return story.reopened(disk.crash(random));
  }

  /** The places where Kith makes something durable. */
  @SuppressWarnings("ImmutableEnumChecker") // these lambdas keep nothing
  enum Forced {
    LOG(path -> path.toString().contains("/log/")),
    LOG_FOLDER(path -> path.endsWith("log")),
    SEGMENT_FILES(path -> path.toString().contains("/segments/")),
    SEGMENTS_FOLDER(path -> path.endsWith("segments")),
    COLLECTION_FOLDER(path -> path.endsWith(NAME)),
    DESCRIPTION(path -> path.toString().contains("collection.json")),
    DATABASE(path -> path.endsWith("db")),
    PARENT(path -> path.toString().equals("/a"));

    private final Predicate<Path> paths;

    Forced(Predicate<Path> paths) {
      this.paths = paths;
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneForceLeftOut_isFound(Forced forced, SplittableRandom random) {
    long seed = random.nextLong();
    long operations = operations(seed);
    for (int round = 0; round < 2000; round++) {
      long operation = random.nextLong(operations) + 1;
      if (powerCut(seed, operation, random, forced.paths) != null) {
        return;
      }
    }
    throw new AssertionError("nothing was lost without this force, seed=" + seed);
  }

  @ParameterizedTest
  @EnumSource(names = "OFF", mode = EnumSource.Mode.EXCLUDE)
  void fault_atAnyOperation_losesNothingAndStaysReadable(
      SimulatedDisk.Fault fault, SplittableRandom random) {
    long seed = random.nextLong();
    long operations = operations(seed);
    for (int round = 0; round < Math.min(ROUNDS, operations); round++) {
      var disk = new SimulatedDisk();
      long operation = at(round, operations);
      disk.failFrom(operation, fault);
      var story = new Story(seed).tell(disk);
      var collection = story.collection;
      if (collection != null) {
        assertThat(story.unreadable(collection))
            .as("seed=%d, operation=%d", seed, operation)
            .isNull();
      }
      closeSomehow(story);
      disk.repair();
      assertThat(story.reopened(disk)).as("seed=%d, operation=%d", seed, operation).isNull();
    }
  }

  /** A close that fails lets go of everything all the same. */
  private static void closeSomehow(Story story) {
    var kith = story.kith;
    if (kith != null) {
      try {
        kith.close();
      } catch (RuntimeException e) {
        assertThat(e).hasMessageNotContaining("defect");
      }
    }
  }
}
