package dev.kith.cuda.exact;

import dev.kith.core.search.Neighbors;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.store.DeviceCodes;

/** Answers any number of queries in groups, each as large as memory for lists allows. */
final class GroupedSearch {
  private final Gpu gpu;

  GroupedSearch(Gpu gpu) {
    this.gpu = gpu;
  }

  /** Answers all queries of the request among the coded rows. */
  void search(DeviceCodes codes, Request request, Neighbors[] answers, Tally tally) {
    int d = codes.rows().dimension();
    int size = Sizes.group(request.k(), d, answers.length, SearchPool.listBytes(gpu));
    for (int first = 0; first < answers.length; first += size) {
      request.stop().check();
      var group = request.ofQueries(first, Math.min(size, answers.length - first));
      int at = first;
      SearchPool.of(gpu)
          .with(
              group.count() <= Sizes.FEW,
              search -> search.search(codes, group, answers, at, tally));
    }
    request.stop().check();
  }
}
