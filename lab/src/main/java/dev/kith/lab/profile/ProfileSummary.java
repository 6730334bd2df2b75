package dev.kith.lab.profile;

import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.OnDevice;
import dev.kith.lab.profile.Activity.Range;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a profile in a few numbers. Times are nanoseconds.
 *
 * @param nanos nanoseconds for which it was recorded
 * @param timedBy {@code activities} if kernels, copies and memsets were recorded one by one, {@code
 *     events} if only searches on a GPU were timed, null if nothing was seen of a GPU
 * @param kernels all kernels; by events, counted are the searches
 * @param copies all copies; by events, counted are the searches
 * @param memsets all memsets
 * @param kernelShare of the time of kernels, copies and memsets, 0 to 1; null if there are none
 * @param longest by name, those that took most time altogether, at most five
 * @param gaps when nothing ran: on a device if the profile has one, else between Kith's ranges
 * @param notes what could not be recorded
 */
public record ProfileSummary(
    long nanos,
    @Nullable String timedBy,
    Work kernels,
    Work copies,
    Work memsets,
    @Nullable Double kernelShare,
    List<Named> longest,
    Gaps gaps,
    List<String> notes) {
  /**
   * Name of the detail of a range that says how long kernels took, in nanoseconds of the device's
   * time.
   */
  public static final String KERNELS = "kernelNanos";

  /** Name of the detail of a range that says how long copies took. */
  public static final String COPIES = "copyNanos";

  private static final int LONGEST = 5;

  /**
   * Totals of the activities of one kind.
   *
   * @param count number of them
   * @param nanos nanoseconds of all, one after the other
   * @param bytes bytes that they moved or set; 0 for kernels
   */
  public record Work(long count, long nanos, long bytes) {}

  /**
   * Totals of the activities of one name.
   *
   * @param kind {@code kernel}, {@code copy}, {@code memset} or {@code range}
   * @param nanos nanoseconds of all; what a range contains counts for it too
   * @param longestNanos nanoseconds of the longest
   */
  public record Named(String name, String kind, long count, long nanos, long longestNanos) {}

  /**
   * Times when nothing ran, between the first activity and the last.
   *
   * @param of {@code GPU 0}, or {@code Kith's ranges}
   * @param count number of them
   * @param nanos of all
   * @param spanNanos from the first activity's start to the last one's end
   * @param longest at most five
   */
  public record Gaps(String of, long count, long nanos, long spanNanos, List<Gap> longest) {}

  /**
   * Time when nothing ran.
   *
   * @param after name of what ended before it
   * @param before name of what began after it
   */
  public record Gap(long start, long nanos, String after, String before) {}

  /** Sums up a profile. */
  public static ProfileSummary of(Profile profile) {
    var onDevice = profile.each(OnDevice.class).toList();
    boolean byEvents = onDevice.isEmpty();
    var kernels = byEvents ? timed(profile, KERNELS) : work(profile.each(Kernel.class).toList());
    var copies = byEvents ? timed(profile, COPIES) : work(profile.each(Memcpy.class).toList());
    var memsets = work(profile.each(Memset.class).toList());
    long all = kernels.nanos + copies.nanos + memsets.nanos;
    return new ProfileSummary(
        profile.nanos(),
        !byEvents ? "activities" : kernels.count > 0 ? "events" : null,
        kernels,
        copies,
        memsets,
        all == 0 ? null : (double) kernels.nanos / all,
        longest(byEvents ? ranges(profile) : onDevice),
        byEvents ? gaps("Kith's ranges", ranges(profile)) : deviceGaps(onDevice),
        profile.notes());
  }

  private static List<Range> ranges(Profile profile) {
    return profile.each(Range.class).filter(range -> range.domain().equals("kith")).toList();
  }

  /** Totals of what a detail of ranges says. */
  private static Work timed(Profile profile, String detail) {
    var nanos =
        profile
            .each(Range.class)
            .map(range -> range.details().get(detail))
            .filter(Number.class::isInstance)
            .mapToLong(number -> ((Number) number).longValue())
            .summaryStatistics();
    return new Work(nanos.getCount(), nanos.getSum(), 0);
  }

  private static Work work(List<? extends Activity> activities) {
    long nanos = 0;
    long bytes = 0;
    for (var each : activities) {
      nanos += each.nanos();
      bytes +=
          switch (each) {
            case Memcpy copy -> copy.bytes();
            case Memset memset -> memset.bytes();
            default -> 0;
          };
    }
    return new Work(activities.size(), nanos, bytes);
  }

  private static List<Named> longest(List<? extends Activity> activities) {
    var names = new LinkedHashMap<String, Named>();
    for (var each : activities) {
      String name = each instanceof Kernel kernel ? kernel.shortName() : each.name();
      String kind =
          switch (each) {
            case Kernel _ -> "kernel";
            case Memcpy _ -> "copy";
            case Memset _ -> "memset";
            case Range _ -> "range";
            case Activity.Call _ -> "call";
          };
      names.merge(
          kind + " " + name,
          new Named(name, kind, 1, each.nanos(), each.nanos()),
          (a, b) ->
              new Named(
                  a.name,
                  a.kind,
                  a.count + 1,
                  a.nanos + b.nanos,
                  Math.max(a.longestNanos, b.longestNanos)));
    }
    return names.values().stream()
        .sorted(Comparator.comparingLong(Named::nanos).reversed())
        .limit(LONGEST)
        .toList();
  }

  /** Gaps of the device that did most; the others are idle or do the same. */
  private static Gaps deviceGaps(List<OnDevice> activities) {
    Map<Integer, List<OnDevice>> devices = new LinkedHashMap<>();
    for (var each : activities) {
      devices.computeIfAbsent(each.place().device(), _ -> new ArrayList<>()).add(each);
    }
    var busiest =
        devices.entrySet().stream()
            .max(Comparator.comparingLong(entry -> work(entry.getValue()).nanos))
            .orElseThrow();
    return gaps("GPU " + busiest.getKey(), busiest.getValue());
  }

  /** Gaps between activities, which must be sorted by their start. */
  private static Gaps gaps(String of, List<? extends Activity> activities) {
    var gaps = new ArrayList<Gap>();
    long total = 0;
    Activity last = null; // the one that ends last so far
    for (var next : activities) {
      if (last != null && next.start() > last.end()) {
        long nanos = next.start() - last.end();
        total += nanos;
        gaps.add(new Gap(last.end(), nanos, last.name(), next.name()));
      }
      if (last == null || next.end() > last.end()) {
        last = next;
      }
    }
    long span = last == null ? 0 : last.end() - activities.getFirst().start();
    int count = gaps.size();
    gaps.sort(Comparator.comparingLong(Gap::nanos).reversed());
    return new Gaps(of, count, total, span, List.copyOf(gaps.subList(0, Math.min(count, LONGEST))));
  }
}
