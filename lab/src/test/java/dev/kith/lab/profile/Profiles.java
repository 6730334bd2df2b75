package dev.kith.lab.profile;

import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.Place;
import dev.kith.lab.profile.Activity.Range;
import dev.kith.lab.profile.Activity.Size;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Profiles for tests. */
final class Profiles {
  static final Size ONE = new Size(1, 1, 1);

  private Profiles() {}

  static Profile of(Activity... activities) {
    return new Profile(
        Instant.parse("2026-01-02T03:04:05.000000006Z"),
        1_000_000,
        4711,
        List.of(activities),
        List.of(),
        Map.of(),
        Map.of("command", "kith test"),
        List.of());
  }

  static Kernel kernel(String name, long start, long end, int stream) {
    return new Kernel(start, end, new Place(0, 1, stream, 0), name, name, ONE, ONE, 32, 0, 0, 0);
  }

  static Memcpy copy(CopyKind kind, long bytes, long start, long end) {
    return new Memcpy(
        start, end, new Place(0, 1, 7, 0), bytes, kind, MemoryKind.PINNED, MemoryKind.DEVICE);
  }

  static Memset memset(long bytes, long start, long end) {
    return new Memset(start, end, new Place(0, 1, 7, 0), bytes, 255, MemoryKind.DEVICE);
  }

  static Call call(String name, long start, long end) {
    return new Call(start, end, 12, 0, name, false, 0);
  }

  static Range range(String name, long start, long end) {
    return new Range(start, end, 12, name, "kith", Map.of());
  }

  /** Random profile with all kinds, all fields, and names that SQL and JSON must escape. */
  static Profile random(SplittableRandom random) {
    var activities = new ArrayList<Activity>();
    for (int i = random.nextInt(60); i > 0; i--) {
      long start = random.nextLong(1_000);
      long end = start + random.nextLong(200);
      var place = new Place(random.nextInt(2), 1, random.nextInt(5), random.nextLong(30));
      activities.add(
          switch (random.nextInt(5)) {
            case 0 ->
                new Kernel(
                    start,
                    end,
                    place,
                    name(random),
                    name(random),
                    size(random),
                    size(random),
                    random.nextInt(255),
                    random.nextInt(1 << 16),
                    random.nextInt(1 << 16),
                    random.nextInt(100));
            case 1 ->
                new Memcpy(
                    start,
                    end,
                    place,
                    random.nextLong(1L << 40),
                    CopyKind.of(random.nextInt(11)),
                    MemoryKind.of(random.nextInt(8)),
                    MemoryKind.of(random.nextInt(8)));
            case 2 ->
                new Memset(
                    start,
                    end,
                    place,
                    random.nextLong(1L << 40),
                    random.nextInt(),
                    MemoryKind.of(random.nextInt(8)));
            case 3 ->
                new Call(
                    start,
                    end,
                    random.nextInt(1, 1 << 22),
                    place.correlation(),
                    name(random),
                    random.nextBoolean(),
                    random.nextInt(3));
            default ->
                new Range(
                    start,
                    end,
                    random.nextInt(1, 1 << 22),
                    name(random),
                    random.nextBoolean() ? "kith" : "jvm",
                    random.nextBoolean()
                        ? Map.of()
                        : Map.of("rows", random.nextInt(), "backend", name(random)));
          });
    }
    return new Profile(
        Instant.ofEpochSecond(random.nextLong(1L << 32), random.nextInt(1_000_000_000)),
        random.nextLong(1, 1L << 50),
        random.nextInt(1, 1 << 22),
        activities,
        random.nextBoolean()
            ? List.of()
            : List.of(
                new Gpu(0, name(random), 1L << 36, 1L << 41, 1 << 25, 1_980_000_000, 132, 9, 0)),
        Map.of(5L, name(random)),
        Map.of("command", name(random), "machine", name(random)),
        List.of(name(random)));
  }

  private static Size size(SplittableRandom random) {
    return new Size(random.nextInt(1, 999), random.nextInt(1, 9), random.nextInt(1, 9));
  }

  private static String name(SplittableRandom random) {
    var names =
        List.of("scan", "it's \"quoted\"; --", "f<int>(a, b)", "ü\n</script>", "cuMemcpyHtoD_v2");
    return names.get(random.nextInt(names.size()));
  }
}
