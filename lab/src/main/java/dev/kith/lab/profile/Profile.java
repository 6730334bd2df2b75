package dev.kith.lab.profile;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Recording of activities.
 *
 * @param begin time from which activities count
 * @param nanos nanoseconds for which it was recorded
 * @param pid number of the process
 * @param activities activities by their start; of two with the same start the longer one first
 * @param gpus GPUs that took part
 * @param threads names of threads by the operating system's numbers
 * @param about what ran where: {@code command}, {@code machine}, {@code commit}, and the like
 * @param notes what a reader must know, such as what could not be recorded and why
 */
public record Profile(
    Instant begin,
    long nanos,
    long pid,
    List<Activity> activities,
    List<Gpu> gpus,
    Map<Long, String> threads,
    Map<String, String> about,
    List<String> notes) {
  static final Comparator<Activity> ORDER =
      Comparator.comparingLong(Activity::start)
          .thenComparing(Comparator.comparingLong(Activity::end).reversed());

  /** Copies and sorts. */
  public Profile {
    activities = activities.stream().sorted(ORDER).toList();
    gpus = List.copyOf(gpus);
    threads = Map.copyOf(threads);
    about = Map.copyOf(about);
    notes = List.copyOf(notes);
  }

  /** Activities of one kind, by their start. */
  public <A extends Activity> Stream<A> each(Class<A> kind) {
    return activities.stream().filter(kind::isInstance).map(kind::cast);
  }
}
