package dev.kith.lab.profile;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Records what this process does, from {@link #start} to {@link #stop}, by its sources. One thread
 * starts and stops it.
 */
public final class Recorder {
  /** Most activities kept; each takes some hundred bytes of memory until the profile is written. */
  static final int MOST = 4_000_000;

  private final ProfileClock clock;
  private final List<ActivitySource.Running> running;
  private final Sink sink;

  private Recorder(ProfileClock clock, List<ActivitySource.Running> running, Sink sink) {
    this.clock = clock;
    this.running = running;
    this.sink = sink;
  }

  /** Starts every source that can record; the reasons of the others are noted in the profile. */
  public static Recorder start(List<ActivitySource> sources) throws IOException {
    return start(sources, MOST);
  }

  static Recorder start(List<ActivitySource> sources, int most) throws IOException {
    var clock = ProfileClock.start();
    var sink = new Sink(most);
    var running = new ArrayList<ActivitySource.Running>();
    for (var source : sources) {
      var reason = source.unavailable();
      if (reason.isPresent()) {
        sink.note(reason.get());
      } else {
        running.add(source.start(clock, sink));
      }
    }
    return new Recorder(clock, running, sink);
  }

  /** Clock of the profile, for activities that the caller adds itself. */
  public ProfileClock clock() {
    return clock;
  }

  /** Sink for activities beside those of the sources. */
  public Sink sink() {
    return sink;
  }

  /**
   * Stops all sources.
   *
   * @param about description that becomes {@link Profile#about}
   */
  public Profile stop(Map<String, String> about) throws IOException {
    long nanos = clock.now();
    for (var source : running.reversed()) {
      source.stop();
    }
    return sink.profile(clock, nanos, about);
  }

  /** Receiver of what was recorded. Safe for many threads. */
  public static final class Sink {
    private final int most;
    private final List<Activity> activities = new ArrayList<>();
    private final List<Gpu> gpus = new ArrayList<>();
    private final Map<Long, String> threads = new HashMap<>();
    private final List<String> notes = new ArrayList<>();
    private long dropped;

    private Sink(int most) {
      this.most = most;
    }

    /** Adds an activity; if there are too many, it is dropped, counted and noted. */
    public synchronized void add(Activity activity) {
      if (activity.start() > activity.end()) {
        throw new IllegalArgumentException(
            "an activity must not end before its start: " + activity);
      }
      if (activities.size() < most) {
        activities.add(activity);
      } else {
        dropped++;
      }
    }

    /** Adds a GPU that takes part. */
    public synchronized void add(Gpu gpu) {
      gpus.add(gpu);
    }

    /** Names a thread. */
    public synchronized void name(long thread, String name) {
      threads.put(thread, name);
    }

    /** Adds a note that a reader of the profile must know. */
    public synchronized void note(String text) {
      notes.add(text);
    }

    private synchronized Profile profile(
        ProfileClock clock, long nanos, Map<String, String> about) {
      if (dropped > 0) {
        notes.add(
            "%d activities were dropped, only the first %d are kept: profile less at once"
                .formatted(dropped, most));
      }
      return new Profile(
          clock.begin(),
          nanos,
          ProcessHandle.current().pid(),
          activities,
          gpus,
          threads,
          new LinkedHashMap<>(about),
          notes);
    }
  }
}
