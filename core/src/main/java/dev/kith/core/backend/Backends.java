package dev.kith.core.backend;

import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.LiveSearcher;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The backends of this process, and the choice of one to search given data or to build an index.
 */
public final class Backends {
  private static final System.Logger LOG = System.getLogger(Backends.class.getName());
  private static final Backends INSTALLED = new Backends(installed());

  /** Every backend, highest priority first. */
  private final List<Tested> all;

  /**
   * Backend chosen when none was named, or null before the first choice; a choice never changes
   * later.
   */
  private volatile @Nullable Backend best;

  /** Orders {@code backends} by priority; none is probed yet. */
  Backends(List<Backend> backends) {
    all =
        backends.stream()
            .sorted(Comparator.comparingInt(Backend::priority).reversed())
            .map(backend -> new Tested(backend))
            .toList();
  }

  private static List<Backend> installed() {
    var found = new ArrayList<Backend>(List.of(new ScalarBackend(), new SimdBackend()));
    ServiceLoader.load(Backend.class, Backends.class.getClassLoader()).forEach(found::add);
    return found;
  }

  /**
   * State of one backend on this machine.
   *
   * @param name of the backend
   * @param usable whether it may serve searches
   * @param reason what it runs on, or why it may not serve
   * @param selfTest {@code passed}, {@code failed: ...}, or {@code not run} if the probe said no
   */
  public record Status(String name, boolean usable, String reason, String selfTest) {
    private String explained() {
      return selfTest.startsWith("failed") ? reason + " (" + selfTest + ")" : reason;
    }
  }

  /**
   * Backend and searcher chosen for some data.
   *
   * @param backend the chosen backend
   * @param searcher searcher of the data on that backend
   */
  public record Choice(Backend backend, Searcher searcher) {}

  /** A backend that is probed and self-tested at its first use, once a process. */
  private final class Tested {
    final Backend backend;
    private @Nullable Status status;

    /**
     * Failure of the self-test of each kind of approximate index; an empty text where it passed.
     */
    private final Map<Class<?>, String> kinds = new HashMap<>();

    private boolean missed;
    private boolean expected = true;

    Tested(Backend backend) {
      this.backend = backend;
    }

    /**
     * Probes and tests the backend at the first call. Locks this backend alone: while it is tested
     * it may ask for one of lower priority, see {@link #bestBelow}.
     */
    synchronized Status status() {
      var known = status;
      if (known == null) {
        status = known = test();
      }
      return known;
    }

    private Status test() {
      Backend.Probe probe;
      try {
        probe = backend.probe();
      } catch (RuntimeException | LinkageError e) {
        probe = new Backend.Probe(false, "its probe failed: " + e);
      }
      if (!probe.usable()) {
        expected = probe.expected();
        return new Status(backend.name(), false, probe.reason(), "not run");
      }
      String failure = SelfTest.run(backend);
      return failure == null
          ? new Status(backend.name(), true, probe.reason(), "passed")
          : new Status(
              backend.name(),
              false,
              "its self-test failed on this machine; please report it",
              "failed: " + failure);
    }

    /**
     * Reason why this backend, though usable, may not search an index of {@code spec}'s kind, or
     * null if it may. Exact kinds are covered by {@link #status}; each approximate kind is tested
     * when it is first asked for.
     */
    synchronized @Nullable String refusal(IndexSpec spec) {
      if (spec.exact()) {
        return null;
      }
      var failure = kinds.get(spec.getClass());
      if (failure == null) {
        var found = SelfTest.runApproximate(backend, spec, builder(spec));
        failure = found == null ? "" : found;
        kinds.put(spec.getClass(), failure);
      }
      return failure.isEmpty()
          ? null
          : "its self-test of %s failed on this machine; please report it (failed: %s)"
              .formatted(spec, failure);
    }

    /**
     * Logs once that {@code instead} serves in its place: a warning, or at debug level where nobody
     * would expect this backend to run.
     */
    synchronized void missedBy(String searches, Backend instead, String why) {
      if (!missed) {
        missed = true;
        LOG.log(
            expected ? Level.WARNING : Level.DEBUG,
            "{0} run on backend {1}, because {2} cannot serve: {3}",
            searches,
            instead.name(),
            backend.name(),
            why);
      }
    }
  }

  /**
   * Status of every backend, highest priority first; each is probed and, if it can run, self-tested
   * once a process.
   */
  public static List<Status> statuses() {
    return INSTALLED.all.stream().map(Tested::status).toList();
  }

  /**
   * The backend called {@code name}, or the best usable one if {@code name} is null.
   *
   * @throws BackendUnavailableException if the named one does not exist or cannot serve
   */
  public static Backend choose(@Nullable String name) {
    return name == null ? INSTALLED.best() : INSTALLED.named(name);
  }

  /**
   * A searcher of {@code data} on the backend called {@code name}, or, if that is null, on the best
   * usable one that has a way to search such data.
   *
   * @throws BackendUnavailableException if the named one does not exist or cannot serve, or none
   *     can
   */
  public static Choice choose(@Nullable String name, IndexData data) {
    return name == null ? INSTALLED.first(data, Integer.MAX_VALUE) : INSTALLED.searcher(name, data);
  }

  /**
   * A searcher of {@code data} on the best usable backend of a priority below {@code priority}; see
   * {@link #bestBelow}.
   */
  public static Choice chooseBelow(int priority, IndexData data) {
    return INSTALLED.first(data, priority);
  }

  /**
   * A searcher whose rows come and go, as {@link Backend#live} says, on the best usable backend
   * that has one.
   *
   * @throws BackendUnavailableException if there is none
   */
  public static LiveSearcher live(IndexData data, @Nullable MemorySegment numbers) {
    return INSTALLED.firstLive(data, numbers);
  }

  /**
   * A builder of {@code spec} on the best usable backend that has one.
   *
   * @throws BackendUnavailableException if there is none
   */
  public static IndexBuilder builderOf(IndexSpec spec) {
    return INSTALLED.builder(spec);
  }

  /**
   * The best usable backend of a priority below {@code priority}: the one to which a backend of
   * that priority may hand on searches that name none. Probed, tested and logged as in {@link
   * #choose}; a backend may call it with its own priority, even while it is being tested, and with
   * no higher one.
   *
   * @throws BackendUnavailableException if there is none
   */
  public static Backend bestBelow(int priority) {
    return INSTALLED.below(priority);
  }

  private Backend named(String name) {
    var tested = known(name);
    var status = tested.status();
    if (!status.usable()) {
      throw unavailable(name, status.explained());
    }
    return tested.backend;
  }

  private Tested known(String name) {
    for (var tested : all) {
      if (tested.backend.name().equals(name)) {
        return tested;
      }
    }
    throw new BackendUnavailableException(
        "no such backend: %s; known are %s"
            .formatted(
                name,
                all.stream()
                    .map(tested -> tested.backend.name())
                    .collect(Collectors.joining(", "))));
  }

  private static BackendUnavailableException unavailable(String name, String why) {
    return new BackendUnavailableException("backend %s cannot serve: %s".formatted(name, why));
  }

  Choice searcher(String name, IndexData data) {
    var tested = known(name);
    named(name); // throws if the backend is unusable as a whole
    var searcher = tested.backend.searcher(data);
    if (searcher == null) {
      throw unavailable(name, noWay(data.spec()) + "; name another or none");
    }
    var refusal = tested.refusal(data.spec());
    if (refusal != null) {
      throw unavailable(name, refusal);
    }
    return new Choice(tested.backend, searcher);
  }

  private static String noWay(IndexSpec spec) {
    return "it has no way to search an index %s".formatted(spec);
  }

  Backend best() {
    var known = best;
    if (known == null) {
      best = known = firstUsable(all, "searches", "no backend can serve: ");
    }
    return known;
  }

  Backend below(int priority) {
    return firstUsable(
        all.stream().filter(tested -> tested.backend.priority() < priority).toList(),
        "searches that priority %d hands on".formatted(priority),
        "no backend of a priority below %d can serve: ".formatted(priority));
  }

  Choice first(IndexData data, int below) {
    boolean any = below == Integer.MAX_VALUE;
    return first(
        all.stream().filter(tested -> tested.backend.priority() < below).toList(),
        any ? "searches" : "searches that priority %d hands on".formatted(below),
        any
            ? "no backend can serve: "
            : "no backend of a priority below %d can serve: ".formatted(below),
        tested -> offer(tested, data));
  }

  private static Offer<Choice> offer(Tested tested, IndexData data) {
    if (!tested.status().usable()) {
      return new Offer<>(null, tested.status().explained());
    }
    var searcher = tested.backend.searcher(data);
    if (searcher == null) {
      return new Offer<>(null, noWay(data.spec()));
    }
    var refusal = tested.refusal(data.spec());
    return refusal == null
        ? new Offer<>(new Choice(tested.backend, searcher), "")
        : new Offer<>(null, refusal);
  }

  LiveSearcher firstLive(IndexData data, @Nullable MemorySegment numbers) {
    for (var tested : all) {
      if (tested.status().usable() && tested.refusal(data.spec()) == null) {
        var live = tested.backend.live(data, numbers);
        if (live != null) {
          return live;
        }
      }
    }
    throw new BackendUnavailableException(
        "no backend can insert into an index %s, or delete from it: graphs can, such as graph(r=64); known are %s"
            .formatted(
                data.spec(),
                all.stream()
                    .map(tested -> tested.backend.name())
                    .collect(Collectors.joining(", "))));
  }

  IndexBuilder builder(IndexSpec spec) {
    for (var tested : all) {
      var builder = tested.status().usable() ? tested.backend.builder(spec) : null;
      if (builder != null) {
        return builder;
      }
    }
    throw new BackendUnavailableException(
        "no backend can build an index %s; known are %s"
            .formatted(
                spec,
                all.stream()
                    .map(tested -> tested.backend.name())
                    .collect(Collectors.joining(", "))));
  }

  private static Backend firstUsable(List<Tested> ordered, String searches, String complaint) {
    return first(
        ordered,
        searches,
        complaint,
        tested ->
            tested.status().usable()
                ? new Offer<>(tested.backend, "")
                : new Offer<>(null, tested.status().explained()));
  }

  /**
   * What a backend brings.
   *
   * @param what it brings, or null
   * @param objection the reason why there is nothing
   */
  private record Offer<T>(@Nullable T what, String objection) {}

  /** The first offer that is one; logs the backends passed over. */
  private static <T> T first(
      List<Tested> ordered, String searches, String complaint, Function<Tested, Offer<T>> offers) {
    var skipped = new LinkedHashMap<Tested, String>();
    for (var tested : ordered) {
      var offer = offers.apply(tested);
      if (offer.what != null) {
        skipped.forEach((better, reason) -> better.missedBy(searches, tested.backend, reason));
        return offer.what;
      }
      skipped.put(tested, offer.objection);
    }
    throw new BackendUnavailableException(
        complaint
            + (skipped.isEmpty()
                ? "there is none"
                : skipped.entrySet().stream()
                    .map(entry -> entry.getKey().backend.name() + ": " + entry.getValue())
                    .collect(Collectors.joining("; "))));
  }
}
