package dev.kith.db.format;

import dev.kith.core.metric.Metric;
import dev.kith.core.spec.AutoSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.jspecify.annotations.Nullable;

/**
 * Vectors of a Lucene segment as rows that Kith searches in place, and beside them named parts that
 * {@link PartBuilder}s make: a shadow where the index spec wants one and the segment has {@link
 * #SHADOW_ROWS} rows, a graph or lists from {@link #INDEX_ROWS} on.
 *
 * <p>Lucene stores the name of a format in each segment: this class reads and writes {@code Kith2}
 * for ever, another layout is another class. {@link Kith1VectorsFormat} reads what came before.
 * Layout: {@code docs/formats/segment-vectors.md}.
 */
public final class KithVectorsFormat extends KnnVectorsFormat {
  /** As segments call it. */
  public static final String NAME = "Kith2";

  /**
   * A segment of fewer rows gets no shadow: scanning its rows takes less than a millisecond, and
   * most such segments are soon merged into larger ones.
   */
  public static final int SHADOW_ROWS = 4096;

  /**
   * A segment of fewer rows gets no graph and no lists: it is scanned exactly, which takes about as
   * long as a walk does.
   */
  public static final int INDEX_ROWS = AutoSpec.INDEX_ROWS;

  private static final String SPEC = "kith.spec.";

  private final @Nullable ElementType type;
  private final @Nullable Metric metric;
  private final IndexSpec spec;
  private final PartBuilders builders;

  /**
   * What Lucene reads segments by, of whatever fields. It writes too, where a program uses the
   * format without a schema: float32 or int8 as the field is encoded, its similarity's metric, and
   * no shadow.
   */
  public KithVectorsFormat() {
    super(NAME);
    this.type = null;
    this.metric = null;
    this.spec = new IndexSpec.Flat(null);
    this.builders = PartBuilders.STANDARD;
  }

  /**
   * Writes fields of that kind; any are read.
   *
   * @param type FLOAT32 or FLOAT16 for {@code KnnFloatVectorField}, INT8 for {@code
   *     KnnByteVectorField}
   * @param metric of the searches; the fields' similarity function must go with it, see {@link
   *     #similarity}
   */
  public KithVectorsFormat(ElementType type, Metric metric, IndexSpec spec) {
    this(type, metric, spec, PartBuilders.STANDARD);
  }

  /**
   * The same with other builders.
   *
   * @param builders what may be built beside the rows
   */
  public KithVectorsFormat(ElementType type, Metric metric, IndexSpec spec, PartBuilders builders) {
    super(NAME);
    new VectorField(VectorField.MAX_DIMENSION, metric, type, spec); // refuses other types
    this.type = type;
    this.metric = metric;
    this.spec = stored(spec);
    this.builders = builders;
  }

  /** A codec, stored as Lucene's own, that keeps each vector field as its description says. */
  public static Codec codec(Function<String, VectorField> fieldOf) {
    return codec(fieldOf, PartBuilders.STANDARD);
  }

  /** The same with other builders. */
  public static Codec codec(Function<String, VectorField> fieldOf, PartBuilders builders) {
    return new Lucene104Codec() {
      private final Map<VectorField, KnnVectorsFormat> formats = new ConcurrentHashMap<>();

      @Override
      public KnnVectorsFormat getKnnVectorsFormatForField(String name) {
        return formats.computeIfAbsent(
            fieldOf.apply(name),
            field -> new KithVectorsFormat(field.type(), field.metric(), field.index(), builders));
      }
    };
  }

  /** The function that fields of this metric must be declared with. */
  public static VectorSimilarityFunction similarity(Metric metric) {
    return switch (metric) {
      case L2 -> VectorSimilarityFunction.EUCLIDEAN;
      case COSINE -> VectorSimilarityFunction.COSINE;
      case DOT -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
    };
  }

  /** What nearness means for a field declared with that function. */
  static Metric metric(VectorSimilarityFunction function) {
    return switch (function) {
      case EUCLIDEAN -> Metric.L2;
      case COSINE -> Metric.COSINE;
      case DOT_PRODUCT, MAXIMUM_INNER_PRODUCT -> Metric.DOT;
    };
  }

  /**
   * The attribute of a {@code SegmentInfo} that holds the spec which the segment's field was
   * written for, whether or not it was large enough for a shadow; with {@code without PART} behind
   * it where the build of a part was stopped, or left to the next merge.
   */
  public static String specAttribute(String field) {
    return SPEC + field;
  }

  /** What the attribute of a segment says between the spec and a part that is not there yet. */
  static final String WITHOUT = " without ";

  /** The same of a part whose build failed. */
  static final String FAILED = " failed at ";

  /** Whether the attribute of a segment says that the build of a part failed. */
  public static boolean isFailed(String attribute) {
    return attribute.contains(FAILED);
  }

  /** What segments are written for where a field has that index: the choice for large ones. */
  public static IndexSpec stored(IndexSpec index) {
    return index.chosenFor(Long.MAX_VALUE);
  }

  /** How a field is to be stored. */
  VectorField describe(FieldInfo info) {
    boolean bytes = info.getVectorEncoding() == VectorEncoding.BYTE;
    var stored = type != null ? type : bytes ? ElementType.INT8 : ElementType.FLOAT32;
    var near = metric(info.getVectorSimilarityFunction());
    if (bytes != (stored == ElementType.INT8)) {
      throw new IllegalArgumentException(
          "float32 and float16 fields take floats, int8 fields take bytes: field=%s, type=%s, given=%s; add it as %s"
              .formatted(
                  info.name,
                  stored,
                  info.getVectorEncoding(),
                  bytes ? "KnnFloatVectorField" : "KnnByteVectorField"));
    }
    if (metric != null && metric != near) {
      throw new IllegalArgumentException(
          "a field's similarity function must be its metric's: field=%s, metric=%s, expected=%s, found=%s; create the field with the expected one"
              .formatted(
                  info.name, metric, similarity(metric), info.getVectorSimilarityFunction()));
    }
    return new VectorField(info.getVectorDimension(), near, stored, spec);
  }

  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
    return new VectorsWriter(this, builders, state);
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return new VectorsReader(state, Kith2Metadata.read(state));
  }

  @Override
  public int getMaxDimensions(String field) {
    return VectorField.MAX_DIMENSION;
  }

  @Override
  public String toString() {
    return type == null ? NAME : "%s(%s, %s, %s)".formatted(NAME, type, metric, spec);
  }
}
