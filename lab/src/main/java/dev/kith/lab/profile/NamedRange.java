package dev.kith.lab.profile;

import dev.kith.lab.nvtx.Nvtx;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * Named stretch of this thread's time, for profiles and, by {@link Nvtx}, for NVIDIA's own tools;
 * costs next to nothing while none is recorded and no tool is attached. The thread that opened a
 * range closes it, the last opened first.
 *
 * <pre>{@code
 * try (var _ = NamedRange.open("rung simd")) {
 *   climb();
 * }
 * }</pre>
 */
public final class NamedRange implements AutoCloseable {
  static final String TYPE = "dev.kith.Range";

  private final Recorded event;

  private NamedRange(Recorded event) {
    this.event = event;
  }

  /** Begins a range of Kith's own. */
  public static NamedRange open(String name) {
    return open(name, "kith");
  }

  /** Begins a range; {@code domain} as {@link Activity.Range#domain} says. */
  public static NamedRange open(String name, String domain) {
    var event = new Recorded();
    event.name = name;
    event.domain = domain;
    var tool = Nvtx.attached();
    if (tool != null) {
      tool.push(domain, name);
    }
    event.begin();
    return new NamedRange(event);
  }

  /** Ends the range. */
  @Override
  public void close() {
    event.commit();
    var tool = Nvtx.attached();
    if (tool != null) {
      tool.pop(event.domain);
    }
  }

  /** Event for the flight recorder. */
  @Name(TYPE)
  @Label("Range")
  @Category("Kith")
  @Description("A named stretch of a thread's time")
  @StackTrace(false)
  @SuppressWarnings("UnusedVariable") // the flight recorder reads them
  private static final class Recorded extends Event {
    @Label("Name")
    String name = "";

    @Label("Domain")
    String domain = "";
  }
}
