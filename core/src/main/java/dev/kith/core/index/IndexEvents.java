package dev.kith.core.index;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Events for the flight recorder. */
final class IndexEvents {
  private IndexEvents() {}

  /** Queries answered by an index. */
  @Name("dev.kith.IndexSearch")
  @Label("Index search")
  @Category("Kith")
  @Description("Queries answered by one index")
  @StackTrace(false)
  static final class Search extends Event {
    /** Number of queries answered together. */
    @Label("Queries")
    long queries;

    /** Name of the backend that ran the search. */
    @Label("Backend")
    String backend = "";

    /** Names of what excluded rows. */
    @Label("Bound")
    String bound = "";

    /** Rows that were read. */
    @Label("Rows")
    long rows;

    /** Rows whose canonical key was computed. */
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
    /** Text form of the index. */
    @Label("Index")
    String index = "";

    /** Rows that the index is built over. */
    @Label("Rows")
    long rows;
  }
}
