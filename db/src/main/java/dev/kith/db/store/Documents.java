package dev.kith.db.store;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.format.Vectors;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.BinaryDocValuesField;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.StoredFieldVisitor;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.util.BytesRef;

/** How a point is a Lucene document: its fields, and the way back. */
public final class Documents {
  /** The id's bytes: a term, and binary doc values. */
  public static final String ID = "_id";

  /** The payload's JSON, stored. */
  static final String PAYLOAD = "_payload";

  private static final String VECTOR_PREFIX = "v.";

  private Documents() {}

  /** The Lucene field that holds vectors of that name. */
  public static String vectorField(String name) {
    return VECTOR_PREFIX + name;
  }

  /** Whether a Lucene field holds vectors. */
  static boolean isVectorField(String luceneField) {
    return luceneField.startsWith(VECTOR_PREFIX);
  }

  /** The name of the vectors in a Lucene field. */
  public static String vectorName(String luceneField) {
    return luceneField.substring(VECTOR_PREFIX.length());
  }

  static Term term(PointId id) {
    return new Term(ID, new BytesRef(id.bytes()));
  }

  /**
   * The document of a point.
   *
   * @param payloadFields of the schema
   * @throws IllegalArgumentException if the point is not of this schema
   */
  static List<IndexableField> of(Point point, Schema schema, PayloadFields payloadFields) {
    var fields = new ArrayList<IndexableField>();
    var id = new BytesRef(point.id().bytes());
    fields.add(new StringField(ID, id, Field.Store.NO));
    fields.add(new BinaryDocValuesField(ID, id));
    fields.add(new StoredField(PAYLOAD, point.payload().utf8()));
    point.vectors().forEach((name, vector) -> fields.add(vector(point.id(), name, vector, schema)));
    fields.addAll(payloadFields.of(point.id(), point.payload()));
    fields.addAll(payloadFields.unnamed(point.payload()));
    return fields;
  }

  private static IndexableField vector(PointId id, String name, float[] vector, Schema schema) {
    var field = schema.vector(name);
    if (vector.length != field.dimension()) {
      throw new IllegalArgumentException(
          "a vector must have the collection's dimension: point=%s, vector=%s, expected=%d, found=%d"
              .formatted(id, name, field.dimension(), vector.length));
    }
    for (int i = 0; i < vector.length; i++) {
      requireStorable(id, name, field.type(), vector[i], i);
    }
    return Vectors.field(vectorField(name), field, vector);
  }

  /**
   * Returns if a point may be written that is none of those that were kept by an earlier Kith,
   * which a log may still hold.
   */
  static void requireNew(Point point, Schema schema) {
    point
        .vectors()
        .forEach(
            (name, vector) -> {
              var field = schema.vector(name);
              if (field.type() == ElementType.FLOAT16 && field.metric() == Metric.COSINE) {
                requireDirection(point.id(), name, vector);
              }
            });
  }

  /** Elements below 2^-25 round to zero: a vector of them alone would be near to nothing. */
  private static void requireDirection(PointId id, String name, float[] vector) {
    float largest = 0;
    for (float element : vector) {
      if (Float.float16ToFloat(Float.floatToFloat16(element)) != 0) {
        return;
      }
      largest = Math.max(largest, Math.abs(element));
    }
    if (largest > 0) {
      throw new IllegalArgumentException(
          "a vector must keep its direction for cosine, and as float16 all its elements are 0: point=%s, vector=%s, largest=%s; scale it to length 1"
              .formatted(id, name, largest));
    }
  }

  private static void requireStorable(
      PointId id, String name, ElementType type, float value, int element) {
    boolean storable =
        switch (type) {
          case INT8 -> value == (byte) value;
          case FLOAT16 -> Math.abs(value) < 65_520; // what is less rounds to a finite float16
          case FLOAT32, BFLOAT16, UINT8 -> Float.isFinite(value);
        };
    if (!storable) {
      throw new IllegalArgumentException(
          "an element must be %s: point=%s, vector=%s, element=%d, found=%s"
              .formatted(
                  switch (type) {
                    case INT8 -> "an integer of -128 to 127";
                    case FLOAT16 -> "finite and below 65520, where float16 ends";
                    case FLOAT32, BFLOAT16, UINT8 -> "finite";
                  },
                  id,
                  name,
                  element,
                  value));
    }
  }

  /** The ids of a segment's documents, to be asked in their order. */
  static BinaryDocValues ids(LeafReader leaf) throws IOException {
    return DocValues.getBinary(leaf, ID);
  }

  /** The id of a document. */
  static byte[] idBytes(LeafReader leaf, int doc) throws IOException {
    return idBytes(ids(leaf), doc);
  }

  static byte[] idBytes(BinaryDocValues ids, int doc) throws IOException {
    if (!ids.advanceExact(doc)) {
      throw new IllegalStateException("every document has an id: document=" + doc);
    }
    return BytesRef.deepCopyOf(ids.binaryValue()).bytes;
  }

  static Payload payload(LeafReader leaf, int doc) throws IOException {
    return payload(leaf.storedFields(), doc);
  }

  static Payload payload(StoredFields stored, int doc) throws IOException {
    var json = new byte[1][];
    stored.document(
        doc,
        new StoredFieldVisitor() {
          @Override
          public Status needsField(FieldInfo field) {
            return PAYLOAD.equals(field.name) ? Status.YES : Status.NO;
          }

          @Override
          public void binaryField(FieldInfo field, byte[] value) {
            json[0] = value;
          }
        });
    return Payload.ofStored(json[0]);
  }

  /** Those vectors of a document that it has, by name. */
  static Map<String, float[]> vectors(LeafReader leaf, int doc, Iterable<String> names)
      throws IOException {
    var vectors = new HashMap<String, float[]>();
    for (var name : names) {
      var segment = SegmentVectors.of(leaf, vectorField(name));
      int row = segment == null ? -1 : segment.row(doc);
      if (segment != null && row >= 0) {
        vectors.put(name, segment.rows().row(row));
      }
    }
    return vectors;
  }

  static Point point(LeafReaderContext leaf, int doc, Schema schema) throws IOException {
    var reader = leaf.reader();
    return new Point(
        PointId.ofBytes(idBytes(reader, doc)),
        vectors(reader, doc, schema.vectors().keySet()),
        payload(reader, doc));
  }
}
