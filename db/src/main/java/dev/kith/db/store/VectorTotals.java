package dev.kith.db.store;

import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;

/** What served a search for vectors in several segments; see the query's report. */
public record VectorTotals(
    String backend,
    String index,
    String bound,
    int segments,
    long passed,
    long rowsScanned,
    long candidates,
    boolean proved) {

  /** Several searches as one. */
  public static VectorTotals sum(List<VectorTotals> parts) {
    return new VectorTotals(
        names(parts, VectorTotals::backend),
        names(parts, VectorTotals::index),
        names(parts, VectorTotals::bound),
        parts.stream().mapToInt(VectorTotals::segments).sum(),
        parts.stream().mapToLong(VectorTotals::passed).sum(),
        parts.stream().mapToLong(VectorTotals::rowsScanned).sum(),
        parts.stream().mapToLong(VectorTotals::candidates).sum(),
        parts.stream().allMatch(VectorTotals::proved));
  }

  private static String names(List<VectorTotals> parts, Function<VectorTotals, String> name) {
    var names = new TreeSet<String>();
    for (var part : parts) {
      names.addAll(List.of(name.apply(part).split(", ", -1)));
    }
    names.remove("");
    return String.join(", ", names);
  }
}
