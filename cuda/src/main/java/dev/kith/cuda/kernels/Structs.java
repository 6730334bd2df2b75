package dev.kith.cuda.kernels;

import dev.kith.cuda.driver.CudaUnavailableException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The structs of {@code structs.cuh}, declared for Java in this one place. An image says by {@code
 * kith_structs} how its compiler laid them out; {@link KernelImages} compares before a kernel of it
 * runs.
 */
public final class Structs {
  /** What loops need of a query to drop rows. */
  public static final Struct QUERY_FILTER =
      Struct.named("QueryFilter").floats("scale", "weight", "slack", "threshold").build();

  /** What turns a product into an interval. */
  public static final Struct QUERY_TERMS =
      Struct.named("QueryTerms")
          .doubles("squaredNorm", "norm", "codedNorm", "missed", "offset")
          .floats("lowScale", "limit")
          .ints("state")
          .build();

  /** What the loops need of a row. */
  public static final Struct ROW_TERMS =
      Struct.named("RowTerms").floats("scale", "lift", "residual", "reach").build();

  /** What a bound needs beside queries and rows. */
  public static final Struct BOUND =
      Struct.named("Bound").doubles("centreNorm", "sigma").ints("metric").build();

  /** Where the lists of queries lie. */
  public static final Struct LISTS =
      Struct.named("Lists")
          .pointers("rows", "lowers", "uppers", "keys", "counts", "valued")
          .ints("capacity", "direct")
          .build();

  /** What a search says of each query. */
  public static final Struct OUTCOME =
      Struct.named("Outcome").ints("found", "candidates", "gaveUp", "broken").build();

  /** Where the codes of rows lie. */
  public static final Struct SHADOW =
      Struct.named("Shadow")
          .pointers("codes", "terms", "bases", "filter")
          .ints("n", "scatter", "stride")
          .build();

  /** All of them, in the order of {@code KITH_STRUCTS}. */
  public static final List<Struct> ALL =
      List.of(QUERY_FILTER, QUERY_TERMS, ROW_TERMS, BOUND, LISTS, OUTCOME, SHADOW);

  /** The kernel that reports an image's layouts. */
  static final String KERNEL = "kith_structs";

  private static final int WORDS_AN_ENTRY = 3;

  private Structs() {}

  /**
   * A struct or a field of one.
   *
   * @param name such as {@code Shadow} or {@code Shadow.codes}
   */
  private record Entry(String name, int offset, int bytes) {
    int hash() {
      return nameHash(name);
    }
  }

  private static List<Entry> entries() {
    var entries = new ArrayList<Entry>();
    for (var struct : ALL) {
      entries.add(new Entry(struct.name(), 0, struct.bytes()));
      for (var field : struct.fields()) {
        entries.add(
            new Entry(struct.name() + "." + field.name(), field.offset(), field.kind().bytes));
      }
    }
    return entries;
  }

  /** FNV-1a, as in {@code structs.cuh}. */
  static int nameHash(String name) {
    int hash = 0x811c9dc5;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x01000193;
    }
    return hash;
  }

  /** Bytes that a report takes: more than what is known here, so that an image may say more. */
  static long reportBytes() {
    return 4 * (1 + 2L * WORDS_AN_ENTRY * entries().size());
  }

  /**
   * Compares what an image reports with what is declared here.
   *
   * @param report what {@code kith_structs} wrote
   * @param source of the image
   * @throws CudaUnavailableException naming the first struct or field that differs
   */
  static void require(MemorySegment report, String source) throws CudaUnavailableException {
    var entries = entries();
    int count = report.getAtIndex(ValueLayout.JAVA_INT, 0);
    for (int i = 0; i < entries.size(); i++) {
      var entry = entries.get(i);
      int hash = i < count ? word(report, i, 0) : 0;
      int offset = i < count ? word(report, i, 1) : -1;
      int bytes = i < count ? word(report, i, 2) : 0;
      if (hash != entry.hash()) {
        throw new CudaUnavailableException(
            "the image of %s must have the structs that this jar's Java has: it has another field, or none, in place of %s; build Kith again"
                .formatted(source, entry.name()));
      }
      if (offset != entry.offset() || bytes != entry.bytes()) {
        throw new CudaUnavailableException(
            "the image of %s must lay out structs as this jar's Java does: field=%s, expected %d bytes at %d, found %d at %d; build Kith again"
                .formatted(source, entry.name(), entry.bytes(), entry.offset(), bytes, offset));
      }
    }
    if (count != entries.size()) {
      throw new CudaUnavailableException(
          "the image of %s must have the structs that this jar's Java has: expected %d structs and fields, found %d; build Kith again"
              .formatted(source, entries.size(), count));
    }
  }

  private static int word(MemorySegment report, int entry, int word) {
    return report.getAtIndex(ValueLayout.JAVA_INT, 1 + (long) WORDS_AN_ENTRY * entry + word);
  }
}
