package dev.kith.core.backend;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All backends of this process, and the choice among them. */
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
            .map(Tested::new)
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

  /** A backend that is probed and tested when it is first looked at, once a process. */
  private static final class Tested {
    final Backend backend;
    private @Nullable Status status;
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

    /** Logs, once, that others serve in its place; where nobody would expect it, for who looks. */
    synchronized void missedBy(String searches, Backend instead) {
      if (!missed) {
        missed = true;
        LOG.log(
            expected ? Level.WARNING : Level.DEBUG,
            "{0} run on backend {1}, because {2} cannot serve: {3}",
            searches,
            instead.name(),
            backend.name(),
            status().explained());
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
    for (var tested : all) {
      if (tested.backend.name().equals(name)) {
        var status = tested.status();
        if (!status.usable()) {
          throw new BackendUnavailableException(
              "backend %s cannot serve: %s".formatted(name, status.explained()));
        }
        return tested.backend;
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

  private static Backend firstUsable(List<Tested> ordered, String searches, String complaint) {
    var skipped = new ArrayList<Tested>();
    for (var tested : ordered) {
      if (tested.status().usable()) {
        skipped.forEach(better -> better.missedBy(searches, tested.backend));
        return tested.backend;
      }
      skipped.add(tested);
    }
    throw new BackendUnavailableException(
        complaint
            + (skipped.isEmpty()
                ? "there is none"
                : skipped.stream()
                    .map(Tested::status)
                    .map(status -> status.name() + ": " + status.explained())
                    .collect(Collectors.joining("; "))));
  }
}
