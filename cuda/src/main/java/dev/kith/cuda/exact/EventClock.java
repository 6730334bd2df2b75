package dev.kith.cuda.exact;

import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.Event;
import dev.kith.cuda.driver.Stream;
import org.jspecify.annotations.Nullable;

/** Times a search by events on its stream. For one search at a time. */
public class EventClock implements SearchClock, AutoCloseable {
  private final Context context;
  private @Nullable Marks marks;
  private double kernelMillis;
  private double copyMillis;

  /** Points of the work. */
  private record Marks(Event begun, Event copied, Event computed, Event ended) {
    Marks(Context context) {
      this(context.timedEvent(), context.timedEvent(), context.timedEvent(), context.timedEvent());
    }
  }

  /** Makes its events when a search first asks for them. */
  public EventClock(Context context) {
    this.context = context;
  }

  private Marks marks() {
    var known = marks;
    if (known == null) {
      marks = known = new Marks(context);
    }
    return known;
  }

  @Override
  public void begins(Stream stream) {
    stream.record(marks().begun);
  }

  @Override
  public void copied(Stream stream) {
    stream.record(marks().copied);
  }

  @Override
  public void computed(Stream stream) {
    stream.record(marks().computed);
  }

  @Override
  public void ends(Stream stream) {
    stream.record(marks().ended);
  }

  @Override
  public void done() {
    var at = marks();
    copyMillis += at.copied.millisSince(at.begun) + at.ended.millisSince(at.computed);
    kernelMillis += at.computed.millisSince(at.copied);
  }

  /** What kernels took so far, and what came between them; 0 if nothing was done on the device. */
  public double kernelMillis() {
    return kernelMillis;
  }

  /** What copying queries and results took so far. */
  public double copyMillis() {
    return copyMillis;
  }

  @Override
  public void close() {
    var known = marks;
    if (known != null) {
      known.begun.close();
      known.copied.close();
      known.computed.close();
      known.ended.close();
    }
  }
}
