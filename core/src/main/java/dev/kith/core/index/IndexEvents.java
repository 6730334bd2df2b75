package dev.kith.core.index;

import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import java.util.function.Supplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Events for the flight recorder. */
final class IndexEvents {
  private IndexEvents() {}

  /** Runs a search, records it, and lowers the limit that it shares with others. */
  static SearchResult recorded(
      VectorSource queries, SearchOptions options, Supplier<SearchResult> search) {
    var event = new Search();
    event.begin();
    var result = search.get();
    event.end();
    if (event.shouldCommit()) {
      var report = result.report();
      event.queries = queries.size();
      event.backend = report.backend();
      event.bound = report.bound();
      event.rows = report.work().rowsRead();
      event.candidates = report.work().keysComputed();
      event.commit();
    }
    var limit = options.limit();
    if (limit != null) {
      limit.offer(result, options.k());
    }
    return result;
  }

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
