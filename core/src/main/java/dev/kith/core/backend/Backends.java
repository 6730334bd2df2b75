package dev.kith.core.backend;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All backends of this process, and the choice among them. */
public final class Backends {
  private static final System.Logger LOG = System.getLogger(Backends.class.getName());
  private static final List<Backend> ALL = all();
  private static final Map<Backend, Status> TESTED = new ConcurrentHashMap<>();
  private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

  /** What was chosen when none was named; no choice changes later. */
  private static volatile @Nullable Backend best;

  private Backends() {}

  /**
   * One backend on this machine.
   *
   * @param name of the backend
   * @param usable whether it may serve searches
   * @param reason what it runs on, or why it may not serve
   * @param selfTest {@code passed}, {@code failed: ...}, or {@code not run} if the probe said no
   */
  public record Status(String name, boolean usable, String reason, String selfTest) {}

  private static List<Backend> all() {
    var found = new ArrayList<Backend>(List.of(new ScalarBackend(), new SimdBackend()));
    ServiceLoader.load(Backend.class, Backends.class.getClassLoader()).forEach(found::add);
    found.sort(Comparator.comparingInt(Backend::priority).reversed());
    return List.copyOf(found);
  }

  /** Every backend, best first; each is probed and, if it can run, tested once a process. */
  public static List<Status> statuses() {
    return ALL.stream().map(Backends::status).toList();
  }

  private static Status status(Backend backend) {
    return TESTED.computeIfAbsent(backend, Backends::test);
  }

  private static Status test(Backend backend) {
    Backend.Probe probe;
    try {
      probe = backend.probe();
    } catch (RuntimeException | LinkageError e) {
      probe = new Backend.Probe(false, "its probe failed: " + e);
    }
    if (!probe.usable()) {
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
   * The backend of that name, or the best usable one if {@code name} is null.
   *
   * @throws BackendUnavailableException if the named one does not exist or cannot serve
   */
  public static Backend choose(@Nullable String name) {
    return name == null ? best() : named(name);
  }

  private static Backend named(String name) {
    for (var backend : ALL) {
      if (backend.name().equals(name)) {
        var status = status(backend);
        if (!status.usable()) {
          throw new BackendUnavailableException(
              "backend %s cannot serve: %s".formatted(name, explain(status)));
        }
        return backend;
      }
    }
    throw new BackendUnavailableException(
        "no such backend: %s; known are %s"
            .formatted(name, ALL.stream().map(Backend::name).collect(Collectors.joining(", "))));
  }

  private static Backend best() {
    var known = best;
    if (known == null) {
      best = known = chooseBest();
    }
    return known;
  }

  private static Backend chooseBest() {
    var skipped = new ArrayList<Status>();
    for (var backend : ALL) {
      var status = status(backend);
      if (status.usable()) {
        if (!skipped.isEmpty() && FALLBACK_LOGGED.compareAndSet(false, true)) {
          for (var better : skipped) {
            LOG.log(
                Level.WARNING,
                "searches run on backend {0}, because {1} cannot serve: {2}",
                status.name(),
                better.name(),
                explain(better));
          }
        }
        return backend;
      }
      skipped.add(status);
    }
    throw new BackendUnavailableException(
        "no backend can serve: "
            + skipped.stream()
                .map(status -> status.name() + ": " + explain(status))
                .collect(Collectors.joining("; ")));
  }

  private static String explain(Status status) {
    return status.selfTest().startsWith("failed")
        ? status.reason() + " (" + status.selfTest() + ")"
        : status.reason();
  }
}
