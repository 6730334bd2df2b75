package dev.kith.db.store;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What the flight recorder is told of. */
public final class Events {
  private Events() {}

  /** Points that were written, from the call to the acknowledgement. */
  @Name("dev.kith.Upsert")
  @Label("Upsert")
  @Category("Kith")
  @Description("Points written, from the call to the acknowledgement")
  @StackTrace(false)
  public static final class Upsert extends Event {
    /** How many. */
    @Label("Points")
    public int points;
  }

  /** Writes made visible. */
  @Name("dev.kith.Refresh")
  @Label("Refresh")
  @Category("Kith")
  @Description("Writes made visible to searches")
  @StackTrace(false)
  public static final class Refresh extends Event {
    /** Afterwards. */
    @Label("Segments")
    public int segments;
  }

  /** Segments merged into one. */
  @Name("dev.kith.Merge")
  @Label("Merge")
  @Category("Kith")
  @Description("Segments merged into one")
  @StackTrace(false)
  public static final class Merge extends Event {
    /** Merged. */
    @Label("Segments")
    public int segments;

    /** In them, deleted ones too. */
    @Label("Rows")
    public long rows;

    /** Before its end. */
    @Label("Stopped")
    public boolean stopped;
  }

  /** The segments made durable, so that the log may go. */
  @Name("dev.kith.Checkpoint")
  @Label("Checkpoint")
  @Category("Kith")
  @Description("Segments made durable, so that the log may go")
  @StackTrace(false)
  public static final class Checkpoint extends Event {
    /** Replaced by the segments. */
    @Label("Log bytes")
    public long logBytes;
  }

  /** An approximate answer that was computed again exactly. */
  @Name("dev.kith.Audit")
  @Label("Audit")
  @Category("Kith")
  @Description("An approximate answer that was computed again exactly")
  @StackTrace(false)
  public static final class Audit extends Event {
    /** Their name. */
    @Label("Vector")
    public String vector = "";

    /** For. */
    @Label("Asked recall")
    public double asked;

    /** Found. */
    @Label("Recall")
    public double recall;
  }

  /** Queries answered. */
  @Name("dev.kith.Search")
  @Label("Search")
  @Category("Kith")
  @Description("Queries answered")
  @StackTrace(false)
  public static final class Search extends Event {
    /** Answered together. */
    @Label("Queries")
    public int queries;

    /** That searched vectors. */
    @Label("Backend")
    public String backend = "";

    /** Looked at. */
    @Label("Rows")
    public long rows;
  }
}
