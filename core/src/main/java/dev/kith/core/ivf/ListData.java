package dev.kith.core.ivf;

import dev.kith.core.metric.Metric;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.IndexData;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Rows, the lists that they are in, and codes of them in the order of the lists. Immutable; safe
 * for many threads. {@code docs/formats/lists.md} draws the parts.
 */
public final class ListData implements IndexData {
  /** The name of the part that holds centres, radii and the rows of lists. */
  public static final String LISTS = "lists";

  /** The name of the part that holds the codes. */
  public static final String CODES = "codes";

  /** The name of the part that holds what the index measured of its own searches. */
  public static final String CURVE = "curve";

  private final VectorSource rows;
  private final ListSpec spec;
  private final ListPart part;
  private final ListOrder order;
  private final ListSpace space;
  private final ListCodes codes;
  private final @Nullable RecallCurve curve;

  ListData(
      VectorSource rows,
      ListSpec spec,
      ListPart part,
      ListCodes codes,
      ListOrder order,
      @Nullable RecallCurve curve) {
    this.rows = rows;
    this.spec = spec;
    this.part = part;
    this.order = order;
    this.space = new ListSpace(part.metric(), part.origin());
    this.codes = codes;
    this.curve = curve;
  }

  /**
   * Opens parts that were stored, in place. Headers, lengths and the numbers of rows are checked;
   * that the parts are undamaged, and of its rows, is for the caller to know, or for {@link
   * #verify} to find out.
   *
   * @param parts as {@link #parts} gave them; others than lists need are left alone
   * @throws VectorDataException if a part is missing, damaged, or of other rows, metric or spec
   */
  public static ListData open(
      VectorSource rows, Metric metric, ListSpec spec, Map<String, MemorySegment> parts) {
    var body = require(CODES, rows, parts);
    var part = ListPart.read(require(LISTS, rows, parts), body, rows, metric, spec);
    var order = part.order();
    var codes =
        spec.codes().panels()
            ? Int8Lists.over(body, rows, metric, order)
            : BlockLists.over(body, rows, metric, spec, order);
    var measured = parts.get(CURVE); // null for sweeps, and in indexes older than it
    var curve = measured == null ? null : RecallCurve.open(measured);
    return new ListData(rows, spec, part, codes, order, curve);
  }

  private static MemorySegment require(
      String name, VectorSource rows, Map<String, MemorySegment> parts) {
    var part = parts.get(name);
    if (part == null) {
      throw new VectorDataException(
          "inverted lists need their part %s: rows=%s, found=%s; build the index again"
              .formatted(name, rows.name(), parts.keySet()));
    }
    return part;
  }

  @Override
  public VectorSource rows() {
    return rows;
  }

  @Override
  public Metric metric() {
    return part.metric();
  }

  @Override
  public ListSpec spec() {
    return spec;
  }

  /** Number of lists; each has a row. */
  public int lists() {
    return part.lists();
  }

  /**
   * What the index measured of its searches, or null if it has not: it answers every recall exactly
   * then. Its widths are numbers of lists, its hops lists, its estimates rows.
   */
  public @Nullable RecallCurve curve() {
    return curve;
  }

  /** The same index with another curve. */
  ListData withCurve(RecallCurve other) {
    return new ListData(rows, spec, part, codes, order, other);
  }

  /** Order in which lists hold rows. */
  ListOrder order() {
    return order;
  }

  /** Codes of rows. */
  ListCodes codes() {
    return codes;
  }

  /** Bounds of the keys of a list's rows. */
  ListBound bound() {
    return new ListBound(space, part::centre, part.radii());
  }

  /** Centres, {@code [lists][d]} float32. */
  MemorySegment centres() {
    return part.centres();
  }

  @Override
  public SequencedMap<String, MemorySegment> parts() {
    var parts = new LinkedHashMap<String, MemorySegment>();
    parts.put(CODES, codes.body());
    parts.put(LISTS, part.part().asReadOnly());
    if (curve != null) {
      parts.put(CURVE, curve.part().asReadOnly());
    }
    return parts;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Codes of all rows are made again and compared, and the radii are measured again, so a check
   * takes about as long as that did in the build.
   */
  @Override
  public void verify() {
    part.verifyChecksums(codes.body(), rows);
    new ListCheck(rows, order, space, part).check(codes);
  }
}
