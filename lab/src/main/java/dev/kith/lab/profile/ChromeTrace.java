package dev.kith.lab.profile;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.OnDevice;
import dev.kith.lab.profile.Activity.Range;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A profile as JSON in Chrome's trace event format, which ui.perfetto.dev and speedscope.app open.
 * Threads of the process are its tracks; a GPU is a process of its own, with a track a stream, and
 * arrows lead from a call to what it started.
 */
public final class ChromeTrace {
  /** Number of the first GPU, above any that a process can have on Linux. */
  private static final long FIRST_GPU = 1L << 23;

  private final JsonGenerator json;
  private final Profile profile;

  private ChromeTrace(JsonGenerator json, Profile profile) {
    this.json = json;
    this.profile = profile;
  }

  /** Writes a file, or overwrites it; completely or not at all. */
  public static void write(Path file, Profile profile) throws IOException {
    WholeOrNot.write(
        file,
        partial -> {
          try (var out = new BufferedOutputStream(Files.newOutputStream(partial));
              var json = new JsonFactory().createGenerator(out, JsonEncoding.UTF8)) {
            new ChromeTrace(json, profile).write();
          }
        });
  }

  private void write() throws IOException {
    json.writeStartObject();
    json.writeStringField("displayTimeUnit", "ns");
    json.writeObjectFieldStart("otherData");
    json.writeStringField("begin", profile.begin().toString());
    for (var entry : profile.about().entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
    json.writeArrayFieldStart("traceEvents");
    names();
    var calls = new HashMap<Long, Call>();
    profile
        .each(Call.class)
        .filter(c -> c.correlation() != 0)
        .forEach(c -> calls.put(c.correlation(), c));
    for (var activity : profile.activities()) {
      slice(activity);
      if (activity instanceof OnDevice work) {
        var call = calls.get(work.place().correlation());
        if (call != null) {
          arrow("s", call, call.start());
          arrow("f", work, work.start());
        }
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void names() throws IOException {
    name("process_name", profile.pid(), 0, profile.about().getOrDefault("command", "kith"));
    for (var thread : profile.threads().entrySet()) {
      name("thread_name", profile.pid(), thread.getKey(), thread.getValue());
    }
    var gpus = new HashMap<Integer, String>();
    profile.gpus().forEach(gpu -> gpus.put(gpu.id(), gpu.name()));
    Set<Long> named = new HashSet<>();
    for (var work : (Iterable<OnDevice>) profile.each(OnDevice.class)::iterator) {
      int device = work.place().device();
      if (named.add(process(work))) {
        name(
            "process_name",
            process(work),
            0,
            "GPU %d %s".formatted(device, gpus.getOrDefault(device, "")).strip());
      }
      if (named.add(-1 - (process(work) << 32 | work.place().stream()))) {
        name("thread_name", process(work), thread(work), "stream " + work.place().stream());
      }
    }
  }

  private void name(String what, long process, long thread, String name) throws IOException {
    json.writeStartObject();
    json.writeStringField("ph", "M");
    json.writeStringField("name", what);
    json.writeNumberField("pid", process);
    json.writeNumberField("tid", thread);
    json.writeObjectFieldStart("args");
    json.writeStringField("name", name);
    json.writeEndObject();
    json.writeEndObject();
  }

  private void slice(Activity activity) throws IOException {
    json.writeStartObject();
    json.writeStringField("ph", "X");
    json.writeStringField(
        "name", activity instanceof Kernel kernel ? kernel.shortName() : activity.name());
    json.writeStringField("cat", category(activity));
    track(activity);
    micros("ts", activity.start());
    micros("dur", activity.nanos());
    json.writeObjectFieldStart("args");
    for (var entry : details(activity).entrySet()) {
      json.writeObjectField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private void arrow(String end, Activity activity, long time) throws IOException {
    long correlation =
        switch (activity) {
          case Call call -> call.correlation();
          case OnDevice work -> work.place().correlation();
          case Range _ -> throw new IllegalArgumentException("a range starts nothing");
        };
    json.writeStartObject();
    json.writeStringField("ph", end);
    json.writeStringField("name", "starts");
    json.writeStringField("cat", "launch");
    json.writeNumberField("id", correlation);
    if (end.equals("f")) {
      json.writeStringField("bp", "e");
    }
    track(activity);
    micros("ts", time);
    json.writeEndObject();
  }

  private void track(Activity activity) throws IOException {
    json.writeNumberField("pid", process(activity));
    json.writeNumberField("tid", thread(activity));
  }

  private long process(Activity activity) {
    return activity instanceof OnDevice work ? FIRST_GPU + work.place().device() : profile.pid();
  }

  private static long thread(Activity activity) {
    return switch (activity) {
      case OnDevice work -> work.place().stream();
      case Call call -> call.thread();
      case Range range -> range.thread();
    };
  }

  private static String category(Activity activity) {
    return switch (activity) {
      case Kernel _ -> "kernel";
      case Memcpy _ -> "memcpy";
      case Memset _ -> "memset";
      case Call call -> call.driver() ? "driver" : "runtime";
      case Range range -> range.domain();
    };
  }

  private static Map<String, Object> details(Activity activity) {
    return switch (activity) {
      case Kernel kernel ->
          Map.of(
              "name",
              kernel.name(),
              "grid",
              size(kernel.grid()),
              "block",
              size(kernel.block()),
              "registers",
              kernel.registers(),
              "shared bytes",
              kernel.staticShared() + kernel.dynamicShared(),
              "correlation",
              kernel.place().correlation());
      case Memcpy copy ->
          Map.of(
              "bytes",
              copy.bytes(),
              "from",
              copy.from().label(),
              "to",
              copy.to().label(),
              "correlation",
              copy.place().correlation());
      case Memset memset ->
          Map.of(
              "bytes",
              memset.bytes(),
              "value",
              memset.value(),
              "memory",
              memset.memory().label(),
              "correlation",
              memset.place().correlation());
      case Call call -> Map.of("result", call.result(), "correlation", call.correlation());
      case Range range -> range.details();
    };
  }

  private static String size(Activity.Size size) {
    return "%d x %d x %d".formatted(size.x(), size.y(), size.z());
  }

  /** Writes a time in microseconds, the format's unit, without losing a nanosecond. */
  private void micros(String field, long nanos) throws IOException {
    json.writeNumberField(field, BigDecimal.valueOf(nanos, 3));
  }
}
