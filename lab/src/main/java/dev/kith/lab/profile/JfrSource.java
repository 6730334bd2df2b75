package dev.kith.lab.profile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * Ranges of the CPU, from the JDK's flight recorder: Kith's own events (searches, builds, batches
 * of texts, writes, merges) and the pauses of the garbage collector. An event costs about a
 * microsecond; nothing is sampled.
 *
 * <p>Where nothing else records a GPU, searches on it can be timed by CUDA events: what kernels and
 * what copies of a search took becomes details of its range, {@link ProfileSummary#KERNELS} and
 * {@link ProfileSummary#COPIES}.
 */
public final class JfrSource implements ActivitySource {
  private static final String OWN = "dev.kith.";
  private static final String PAUSE = "jdk.GCPhasePause";
  private static final String LOSS = "jdk.DataLoss";
  private static final String GPU_SEARCH = "dev.kith.GpuSearch"; // of dev.kith.cuda

  /** Fields that every event has. */
  private static final Set<String> COMMON =
      Set.of("startTime", "duration", "eventThread", "stackTrace");

  private final BooleanSupplier timesGpu;

  /** Creates a source for one recorder or several, of the CPU alone. */
  public JfrSource() {
    this(() -> false);
  }

  /**
   * Creates a source for one recorder or several.
   *
   * @param timesGpu whether searches on a GPU are timed by CUDA events; asked at each start
   */
  public JfrSource(BooleanSupplier timesGpu) {
    this.timesGpu = timesGpu;
  }

  @Override
  public Optional<String> unavailable() {
    return FlightRecorder.isAvailable()
        ? Optional.empty()
        : Optional.of("this JVM has no flight recorder, so no ranges of the CPU are recorded");
  }

  @Override
  public Running start(ProfileClock clock, Recorder.Sink sink) throws IOException {
    var file = Files.createTempFile("kith-profile", ".jfr");
    file.toFile().deleteOnExit(); // where the JVM is told to end, and nobody stops this
    var recording = new Recording(); // Kith's events are on by themselves
    recording.setName("kith lab profile");
    recording.enable(PAUSE);
    recording.enable(LOSS);
    if (timesGpu.getAsBoolean()) {
      recording.enable(GPU_SEARCH);
    }
    recording.setDestination(file);
    recording.start();
    return () -> {
      try (recording) {
        end(recording);
        read(file, clock, sink);
      } finally {
        Files.delete(file);
      }
    };
  }

  /** Ends the recording, which is in its file then. */
  private static void end(Recording recording) {
    try {
      recording.stop();
    } catch (IllegalStateException e) {
      // Where the JVM is told to end, the flight recorder ends its recordings by itself, files too.
      if (recording.getState() == RecordingState.RUNNING) {
        throw e;
      }
    }
  }

  private static void read(Path file, ProfileClock clock, Recorder.Sink sink) throws IOException {
    boolean timed = false;
    try (var events = new RecordingFile(file)) {
      while (events.hasMoreEvents()) {
        var event = events.readEvent();
        String type = event.getEventType().getName();
        if (type.startsWith(OWN)) {
          timed |= type.equals(GPU_SEARCH);
          boolean named = type.equals(NamedRange.TYPE);
          add(
              event,
              named ? event.getString("name") : event.getEventType().getLabel(),
              named ? event.getString("domain") : "kith",
              named ? Map.of() : details(event),
              clock,
              sink);
        } else if (type.equals(PAUSE)) {
          add(event, "GC pause", "jvm", Map.of(), clock, sink);
        } else if (type.equals(LOSS)) {
          sink.note(
              "the flight recorder lost %d bytes of events".formatted(event.getLong("amount")));
        }
      }
    }
    if (timed) {
      sink.note(
          "searches on the GPU were timed by CUDA events: what kernels and copies of a search took"
              + " together, not each of them, nor loading rows");
    }
  }

  private static void add(
      RecordedEvent event,
      String name,
      String domain,
      Map<String, Object> details,
      ProfileClock clock,
      Recorder.Sink sink) {
    long id = 0;
    var thread = event.getThread();
    if (thread != null) {
      id = thread.getOSThreadId();
      String called = thread.getJavaName() != null ? thread.getJavaName() : thread.getOSName();
      if (called != null) {
        sink.name(id, called);
      }
    }
    sink.add(
        new Activity.Range(
            clock.of(event.getStartTime()),
            clock.of(event.getEndTime()),
            id,
            name,
            domain,
            details));
  }

  private static Map<String, Object> details(RecordedEvent event) {
    var details = new LinkedHashMap<String, Object>();
    for (var field : event.getFields()) {
      if (!COMMON.contains(field.getName())) {
        Object value = event.getValue(field.getName());
        if (value != null) {
          details.put(field.getName(), value);
        }
      }
    }
    return details;
  }
}
