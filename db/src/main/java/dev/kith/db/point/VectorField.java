package dev.kith.db.point;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Effort;
import dev.kith.core.spec.AutoSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.text.TextEmbedding;
import dev.kith.core.vector.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a collection's named vectors are.
 *
 * @param dimension elements of each, 1 to {@link #MAX_DIMENSION}
 * @param metric by which they are compared
 * @param type how elements are stored: FLOAT32, FLOAT16 (rounded to nearest when written) or INT8
 *     (integers of -128 to 127 alone)
 * @param index built for every large segment
 * @param embedding how texts became these vectors, or null if nothing is known of that
 */
public record VectorField(
    int dimension,
    Metric metric,
    ElementType type,
    IndexSpec index,
    @Nullable TextEmbedding embedding) {
  /** The most elements of a stored vector. */
  public static final int MAX_DIMENSION = 16_384;

  /** The recall of searches that name none, where the index is approximate and names none. */
  public static final double DEFAULT_RECALL = 0.95;

  /** Checks the dimension, the type, and that the index suits the dimension. */
  public VectorField {
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "a vector's dimension must be 1 to %d: %d".formatted(MAX_DIMENSION, dimension));
    }
    index.requireFits(dimension);
    switch (type) {
      case FLOAT32, FLOAT16, INT8 -> {}
      case BFLOAT16, UINT8 ->
          throw new IllegalArgumentException(
              "vectors are stored as float32, float16 or int8, not as " + type);
    }
  }

  /** Of vectors that nothing more is known of. */
  public VectorField(int dimension, Metric metric, ElementType type, IndexSpec index) {
    this(dimension, metric, type, index, null);
  }

  /**
   * Of float32 elements, with the index {@code auto(recall=0.99)}: small segments are scanned
   * exactly, large ones get a graph.
   */
  public static VectorField of(int dimension, Metric metric) {
    return new VectorField(dimension, metric, ElementType.FLOAT32, AutoSpec.DEFAULT);
  }

  /** How hard a search tries that does not say it. */
  public Effort effort() {
    if (index instanceof AutoSpec(double recall)) {
      return new Effort.Recall(recall);
    }
    return index.exact() ? new Effort.Exact() : new Effort.Recall(DEFAULT_RECALL);
  }

  /** The same with elements of that type. */
  public VectorField withType(ElementType newType) {
    return new VectorField(dimension, metric, newType, index, embedding);
  }

  /** The same with that index, such as {@code flat}. */
  public VectorField withIndex(String spec) {
    return new VectorField(dimension, metric, type, IndexSpec.parse(spec), embedding);
  }

  /**
   * The same, of vectors that texts became in that way; the collection then refuses to compare them
   * with texts that are embedded otherwise.
   */
  public VectorField embeddedBy(TextEmbedding newEmbedding) {
    return new VectorField(dimension, metric, type, index, newEmbedding);
  }

  /**
   * What differs from a field that is asked for, such as {@code dimension 384, not 768}; none if
   * nothing. A field that asks for no model takes any, and one that leaves its index to Kith takes
   * any index.
   */
  List<String> differences(VectorField other) {
    var found = new ArrayList<String>();
    if (dimension != other.dimension) {
      found.add("dimension %d, not %d".formatted(dimension, other.dimension));
    }
    if (metric != other.metric) {
      found.add("metric %s, not %s".formatted(metric, other.metric));
    }
    if (type != other.type) {
      found.add("type %s, not %s".formatted(type, other.type).toLowerCase(Locale.ROOT));
    }
    if (!index.equals(other.index) && !other.index.equals(AutoSpec.DEFAULT)) {
      found.add("index %s, not %s".formatted(index, other.index));
    }
    var asked = other.embedding;
    if (embedding != null && asked != null) {
      found.addAll(embedding.differences(asked));
    } else if (asked != null) {
      found.add("an unknown model, not " + asked.model());
    }
    return found;
  }
}
