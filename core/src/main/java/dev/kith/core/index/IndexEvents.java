package dev.kith.core.index;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What the flight recorder is told of. */
final class IndexEvents {
  private IndexEvents() {}

  /** Queries answered by an index. */
  @Name("dev.kith.IndexSearch")
  @Label("Index search")
  @Category("Kith")
  @Description("Queries answered by one index")
  @StackTrace(false)
  static final class Search extends Event {
    /** Answered together. */
    @Label("Queries")
    long queries;

    /** That ran it. */
    @Label("Backend")
    String backend = "";

    /** What excluded rows. */
    @Label("Bound")
    String bound = "";

    /** Looked at. */
    @Label("Rows")
    long rows;

    /** Whose canonical score was computed. */
    @Label("Candidates")
    long candidates;
  }

  /** An index built over rows. */
  @Name("dev.kith.IndexBuild")
  @Label("Index build")
  @Category("Kith")
  @Description("What an index needs beside its rows, built")
  @StackTrace(false)
  static final class Build extends Event {
    /** Its text form. */
    @Label("Index")
    String index = "";

    /** Read. */
    @Label("Rows")
    long rows;
  }
}
