package dev.kith.cuda.bench;

import static java.util.Objects.requireNonNull;

import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Limit;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.TopK;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.CudaBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Searches parts of a source one after another, as the segments of a collection are. */
final class SegmentedSearch implements Searcher {
  private final Metric metric;
  private final long rows;
  private final List<Searcher> segments = new ArrayList<>();
  private final boolean limited;

  /**
   * Of parts of equal length.
   *
   * @param limited whether what one found limits the next
   */
  SegmentedSearch(VectorSource source, Metric metric, int count, boolean limited) {
    this.metric = metric;
    this.limited = limited;
    this.rows = Math.ceilDiv(source.size(), count);
    for (long first = 0; first < source.size(); first += rows) {
      var part = source.slice(first, Math.min(rows, source.size() - first));
      segments.add(requireNonNull(new CudaBackend().searcher(new FlatData(part, metric, null))));
    }
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    var best = new TopK[Math.toIntExact(queries.size())];
    Arrays.setAll(best, _ -> new TopK(options.k()));
    var limit = new Limit(best.length);
    var asked = limited ? options.withLimit(limit) : options;
    var work = Work.NONE;
    boolean proved = true;
    for (int s = 0; s < segments.size(); s++) {
      var result = segments.get(s).search(queries, asked);
      for (int q = 0; q < best.length; q++) {
        var found = result.neighbors().get(q);
        for (int i = 0; i < found.size(); i++) {
          best[q].offer(found.key(i), s * rows + found.row(i));
        }
        limit.offer(q, best[q].bound());
      }
      work = work.plus(result.report().work());
      proved &= result.report().proved();
    }
    var answers = new ArrayList<Neighbors>();
    for (var one : best) {
      answers.add(one.drain(metric));
    }
    return new SearchResult(
        answers, SearchReport.of("cuda", "segments").withWork(work).withProved(proved));
  }

  @Override
  public long bytes() {
    return segments.stream().mapToLong(Searcher::bytes).sum();
  }
}
