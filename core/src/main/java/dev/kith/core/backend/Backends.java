package dev.kith.core.backend;

import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import java.lang.System.Logger.Level;
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
 * All backends of this process, and the choice among them: which searches these data, which builds
 * that index.
 */
public final class Backends {
  private static final System.Logger LOG = System.getLogger(Backends.class.getName());
  private static final Backends INSTALLED = new Backends(installed());

  /** Best first. */
  private final List<Tested> all;

  /** What was chosen when none was named; no choice changes later. */
  private volatile @Nullable Backend best;

  /** Of these. */
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
   * One backend on this machine.
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
   * Who searches some data.
   *
   * @param backend that was chosen
   * @param searcher of the data, on that backend
   */
  public record Choice(Backend backend, Searcher searcher) {}

  /** A backend that is probed and tested when it is first looked at, once a process. */
  private final class Tested {
    final Backend backend;
    private @Nullable Status status;

    /** By the kind of an approximate index what went wrong in its test; empty for nothing. */
    private final Map<Class<?>, String> kinds = new HashMap<>();

    private boolean missed;
    private boolean expected = true;

    Tested(Backend backend) {
      this.backend = backend;
    }

    /** Its own lock: while one is tested it may look for a lesser one, see {@link #bestBelow}. */
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
     * Why it may not search data of this kind though it is usable, or null if it may. Data that are
     * searched exactly are what {@link #status} is about; each kind of approximate ones is tested
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

    /** Logs, once, that others serve in its place; where nobody would expect it, for who looks. */
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

  /** Every backend, best first; each is probed and, if it can run, tested once a process. */
  public static List<Status> statuses() {
    return INSTALLED.all.stream().map(Tested::status).toList();
  }

  /**
   * The backend of that name, or the best usable one if {@code name} is null.
   *
   * @throws BackendUnavailableException if the named one does not exist or cannot serve
   */
  public static Backend choose(@Nullable String name) {
    return name == null ? INSTALLED.best() : INSTALLED.named(name);
  }

  /**
   * A searcher of these data on the backend of that name, or on the best one that has a way to
   * search such data if {@code name} is null.
   *
   * @throws BackendUnavailableException if the named one does not exist or cannot serve, or none
   *     can
   */
  public static Choice choose(@Nullable String name, IndexData data) {
    return name == null ? INSTALLED.first(data, Integer.MAX_VALUE) : INSTALLED.searcher(name, data);
  }

  /**
   * The same on the best usable backend of a priority below {@code priority}, as in {@link
   * #bestBelow}.
   */
  public static Choice chooseBelow(int priority, IndexData data) {
    return INSTALLED.first(data, priority);
  }

  /**
   * A builder of indexes of this kind on the best usable backend that has one.
   *
   * @throws BackendUnavailableException if there is none
   */
  public static IndexBuilder builderOf(IndexSpec spec) {
    return INSTALLED.builder(spec);
  }

  /**
   * The best usable backend of a priority below {@code priority}: where a backend of that priority
   * may hand searches on that name none. Probed, tested and logged as in {@link #choose}; a backend
   * may call it with its own priority, even while it is being tested, and with no higher one.
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
    named(name); // what is wrong with it as a whole comes before what it lacks
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
    var found = new ArrayList<Searcher>(1);
    var chosen =
        first(
            all.stream().filter(tested -> tested.backend.priority() < below).toList(),
            any ? "searches" : "searches that priority %d hands on".formatted(below),
            any
                ? "no backend can serve: "
                : "no backend of a priority below %d can serve: ".formatted(below),
            tested -> {
              if (!tested.status().usable()) {
                return tested.status().explained();
              }
              var searcher = tested.backend.searcher(data);
              if (searcher == null) {
                return noWay(data.spec());
              }
              found.clear();
              found.add(searcher);
              return tested.refusal(data.spec());
            });
    return new Choice(chosen, found.getFirst());
  }

  IndexBuilder builder(IndexSpec spec) {
    for (var tested : all) {
      var builder = tested.backend.builder(spec);
      if (builder != null && tested.status().usable()) {
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
        tested -> tested.status().usable() ? null : tested.status().explained());
  }

  /**
   * The first that nothing speaks against.
   *
   * @param objection why one cannot serve, or null
   */
  private static Backend first(
      List<Tested> ordered,
      String searches,
      String complaint,
      Function<Tested, @Nullable String> objection) {
    var skipped = new LinkedHashMap<Tested, String>();
    for (var tested : ordered) {
      var why = objection.apply(tested);
      if (why == null) {
        skipped.forEach((better, reason) -> better.missedBy(searches, tested.backend, reason));
        return tested.backend;
      }
      skipped.put(tested, why);
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
