package dev.kith.lab.report;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * How one index did on one backend.
 *
 * @param backend that served
 * @param index its text form
 * @param buildSeconds to make what it needs beside the rows; 0 if nothing
 * @param bytes of memory
 * @param effort what it took to prove the answers
 * @param rates by batch size, smallest first
 * @param latency of single queries
 */
public record Measurement(
    String backend,
    String index,
    double buildSeconds,
    Bytes bytes,
    Effort effort,
    List<Rate> rates,
    Latency latency) {

  /** Queries handed over at once. */
  private static final List<Integer> BATCHES = List.of(1, 8, 64, 512);

  private static final int LEAST_RUNS = 3;

  /** Copies the list. */
  public Measurement {
    rates = List.copyOf(rates);
  }

  /** Memory of the rows, of a smaller copy of them, and of what else the index keeps. */
  public record Bytes(long rows, long shadow, long index) {}

  /**
   * For all queries, each asked once.
   *
   * @param queries how many
   * @param candidates rows whose canonical score was computed, a query
   * @param bound what excluded the others
   * @param fallbacks queries for which the bound was too loose
   * @param proved whether every answer is proved to be the exact one
   */
  public record Effort(
      long queries, double candidates, String bound, long fallbacks, boolean proved) {}

  /** Queries answered in a second of wall clock, so many handed over at once. */
  public record Rate(int batch, double queriesPerSecond) {}

  /**
   * Microseconds that searches took.
   *
   * @param micros sorted
   */
  public record Latency(List<Double> micros) {
    /** Copies the list. */
    public Latency {
      micros = List.copyOf(micros);
    }

    /** That many percent of the searches took no longer. */
    public double percentile(double percent) {
      int rank = (int) Math.ceil(percent / 100 * micros.size());
      return micros.get(Math.clamp(rank - 1, 0, micros.size() - 1));
    }
  }

  /**
   * Asks every query once, to warm up and to count, then measures each batch size.
   *
   * @param queries at least one
   * @param backend that must serve
   * @param buildSeconds see above; the index is the caller's
   * @param seconds for each batch size, or three runs if those take longer
   */
  public static Measurement of(
      VectorIndex index,
      VectorSource queries,
      int k,
      String backend,
      double buildSeconds,
      double seconds) {
    var options = SearchOptions.nearest(k).onBackend(backend);
    long end = System.nanoTime() + (long) (seconds * 1e9);
    SearchReport report = null;
    var work = Work.NONE;
    boolean proved = true;
    boolean warm = false;
    while (!warm) {
      for (long q = 0; q < queries.size(); q++) {
        report = index.search(queries.slice(q, 1), options).report();
        work = work.plus(report.work());
        proved &= report.proved();
      }
      warm = System.nanoTime() >= end;
      if (!warm) {
        work = Work.NONE;
      }
    }
    var rates = new ArrayList<Rate>();
    var single = new double[0];
    for (int batch : BATCHES) {
      if (batch > queries.size()) {
        break;
      }
      var micros = run(index, queries, options, batch, seconds);
      rates.add(new Rate(batch, batch * 1e6 * micros.length / Arrays.stream(micros).sum()));
      if (batch == 1) {
        single = micros;
      }
    }
    Arrays.sort(single);
    var rows = index.rows();
    return new Measurement(
        Objects.requireNonNull(report).backend(),
        index.spec().toString(),
        buildSeconds,
        new Bytes(
            rows.size() * rows.dimension() * rows.elementType().bytes(),
            index.data().bytes(),
            index.indexBytes()),
        new Effort(
            queries.size(),
            (double) work.keysComputed() / queries.size(),
            report.bound(),
            work.fallbacks(),
            proved),
        rates,
        new Latency(Arrays.stream(single).boxed().toList()));
  }

  /** Microseconds of each search of so many queries. */
  private static double[] run(
      VectorIndex index, VectorSource queries, SearchOptions options, int batch, double seconds) {
    var micros = new ArrayList<Double>();
    index.search(queries.slice(0, batch), options);
    long first = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (micros.size() < LEAST_RUNS || System.nanoTime() < end) {
      if (first + batch > queries.size()) {
        first = 0;
      }
      long start = System.nanoTime();
      index.search(queries.slice(first, batch), options);
      micros.add((System.nanoTime() - start) / 1e3);
      first += batch;
    }
    return micros.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
