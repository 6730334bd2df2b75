package dev.kith.cuda.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Limit;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.store.Centre;
import dev.kith.cuda.store.DeviceCodes;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Searches a source that does not fit on the device: chunk after chunk goes there and leaves again,
 * the next being loaded while one is searched, under the limits that the chunks before it set.
 */
final class StreamedSearch {
  /** Bytes of the rows that are loaded together, with their codes, if the budget allows. */
  private static final long CHUNK_BYTES = 1L << 30;

  /** Of the budget: one chunk that is searched, one that is loaded, and room for both to change. */
  private static final int SHARES = 3;

  /** Chunks begin at multiples of this, where filters can be cut. */
  private static final int STEP = 64;

  private final Gpu gpu;
  private final VectorSource rows;
  private final Metric metric;
  private final Centre centre;
  private final long chunk;

  /**
   * Loads nothing yet.
   *
   * @param chunkRows rows that are loaded together, a multiple of 64, or 0 for what suits the
   *     budget
   */
  StreamedSearch(Gpu gpu, VectorSource rows, Metric metric, Centre centre, int chunkRows) {
    this.gpu = gpu;
    this.rows = rows;
    this.metric = metric;
    this.centre = centre;
    this.chunk = chunkRows > 0 ? chunkRows : chunkRows(gpu, rows);
  }

  private static long chunkRows(Gpu gpu, VectorSource rows) {
    long room = (gpu.ledger().budget() - SearchPool.reserved(gpu)) / SHARES;
    long rowBytes = DeviceCodes.bytes(rows, 1024) / 1024 + 1;
    return Math.max(Math.min(CHUNK_BYTES, room) / rowBytes / STEP * STEP, STEP);
  }

  /** Answers all queries of the request. */
  void search(Request request, Neighbors[] answers, Tally tally) {
    var best = new TopK[answers.length];
    Arrays.setAll(best, _ -> new TopK(request.k()));
    var limit = new Limit(best.length);
    var here = load(0);
    try {
      for (long first = 0; here != null; first += chunk) {
        long from = first;
        var codes = here;
        var coming = new AtomicReference<@Nullable DeviceCodes>();
        try {
          Workers.run(
              from + chunk < rows.size() ? 2 : 1,
              worker -> {
                if (worker == 0) {
                  lower(limit, request.limit(), best);
                  search(codes, from, request.under(limit), best, tally);
                } else {
                  coming.set(load(from + chunk));
                }
              },
              () -> {}); // a load ends by itself, and until then it reads rows
        } finally {
          here = coming.get();
          codes.close();
        }
      }
    } finally {
      if (here != null) {
        here.close();
      }
    }
    for (int q = 0; q < answers.length; q++) {
      answers[q] = best[q].drain(metric);
    }
  }

  /** To the keys of what was found so far, and of what other searches found. */
  private static void lower(Limit limit, @Nullable Limit others, TopK[] best) {
    for (int q = 0; q < best.length; q++) {
      limit.offer(q, best[q].bound());
      if (others != null) {
        limit.offer(q, others.key(q));
      }
    }
  }

  private DeviceCodes load(long first) {
    long count = Math.min(chunk, rows.size() - first);
    return DeviceCodes.load(gpu, rows, first, count, metric, centre);
  }

  /** One chunk, whose rows are those from {@code first} on. */
  private void search(DeviceCodes codes, long first, Request request, TopK[] best, Tally tally) {
    var part = request.amongRows(first, codes.size());
    if (part.allowed() > 0) {
      var found = new Neighbors[best.length];
      new GroupedSearch(gpu).search(codes, part, found, tally);
      merge(found, first, best);
    }
  }

  private static void merge(Neighbors[] found, long firstRow, TopK[] best) {
    for (int q = 0; q < found.length; q++) {
      for (int rank = 0; rank < found[q].size(); rank++) {
        best[q].offer(found[q].key(rank), firstRow + found[q].row(rank));
      }
    }
  }
}
