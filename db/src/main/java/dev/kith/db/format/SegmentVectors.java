package dev.kith.db.format;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.FilterCodecReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/**
 * The vectors of one field of a segment, to be searched in place. Rows are those of all documents
 * that had a vector when the segment was written, deleted ones among them. Safe for many threads.
 *
 * <p>All of it lives as long as the Lucene reader: callers hold a reference to that ({@code
 * tryIncRef}) while they search. Reading rows after the last one is given back throws {@link
 * IllegalStateException}, or reads the old rows, if the directory does not map files.
 */
public final class SegmentVectors {
  private static final int ROWS_AT_ONCE = 1024;

  /** Nearly every row has an element among these that is not zero. */
  private static final int FIRST_ELEMENTS = 8;

  private final FieldEntry entry;
  private final VectorsReader reader;
  private final VectorField field;
  private final VectorSource rows;
  private final RowDocuments documents;
  private final SequencedMap<String, MemorySegment> parts;
  private final @Nullable Shadow shadow;
  private final boolean inPlace;
  private volatile @Nullable VectorIndex scan;
  private volatile @Nullable VectorIndex index;

  /** Rows of zeros; -1 until they are counted. */
  private volatile int zeroRows = -1;

  SegmentVectors(FieldEntry entry, VectorsReader reader) throws IOException {
    var copies = Arena.ofAuto();
    var rowsPart = entry.rowsPart();
    this.entry = entry;
    this.reader = reader;
    this.field = entry.field();
    this.rows = entry.rows(reader.fileName(rowsPart), reader.file(rowsPart), copies);
    this.documents = documents(entry, reader, copies);
    this.inPlace = SegmentFile.inPlace(reader.file(rowsPart), rowsPart.at(), rowsPart.length());
    var built = new LinkedHashMap<String, MemorySegment>();
    for (var part : entry.parts()) {
      if (part.isBuilt()) {
        built.put(
            part.name(), SegmentFile.memory(reader.file(part), part.at(), part.length(), copies));
      }
    }
    this.parts = Collections.unmodifiableSequencedMap(built);
    var quantizer = entry.quantizer();
    var body = parts.get(Part.SHADOW);
    this.shadow =
        quantizer == null || body == null ? null : quantizer.over(body, rows, field.metric());
  }

  /** Which documents a segment's rows are of, in place if their file is mapped. */
  static RowDocuments documents(FieldEntry entry, VectorsReader reader, Arena copies)
      throws IOException {
    var part = entry.part(Part.DOCUMENTS);
    return entry.documents(reader.file(part == null ? entry.rowsPart() : part), copies);
  }

  /**
   * The vectors that a segment has for a field, or null if it has none or another format keeps
   * them. Readers that wrap a segment's are looked through; deletions are for the caller to filter.
   */
  public static @Nullable SegmentVectors of(LeafReader reader, String field) throws IOException {
    LeafReader inner = reader;
    CheckedReader.Leaf checked = null;
    while (true) {
      switch (inner) {
        case CheckedReader.Leaf leaf -> {
          checked = leaf;
          inner = leaf.getDelegate();
        }
        case FilterLeafReader filter -> inner = filter.getDelegate();
        case FilterCodecReader filter -> inner = filter.getDelegate();
        case CodecReader segment -> {
          var vectors = VectorsReader.of(segment.getVectorReader(), field);
          var entry = vectors == null ? null : vectors.entry(field);
          if (vectors == null || entry == null) {
            return null;
          }
          if (checked != null) {
            checked.requireVectors(vectors, entry);
          }
          return vectors.vectors(field);
        }
        default -> {
          return null;
        }
      }
    }
  }

  /**
   * Reads all vectors of a segment and says which parts have not the bytes that were written. Of
   * segments of {@code Kith1}, whose parts have no checksums, nothing is known.
   *
   * @return segment, field, part and file of each; none if all is well
   */
  public static List<String> damagedParts(CodecReader segment) throws IOException {
    var damage = new ArrayList<String>();
    for (var info : segment.getFieldInfos()) {
      var vectors =
          info.hasVectorValues() ? VectorsReader.of(segment.getVectorReader(), info.name) : null;
      if (vectors != null) {
        damage.addAll(vectors.damage(info.name));
      }
    }
    return damage;
  }

  /** How they are stored; its index is what the segment was written for. */
  public VectorField field() {
    return field;
  }

  /** The rows, in place if the directory maps files; closing this source does nothing. */
  public VectorSource rows() {
    return rows;
  }

  /**
   * What was built from the rows, by name, in the order in which it was built: all of the segment's
   * parts but rows and documents, those that this Kith does not know among them. Off-heap, in place
   * if the directory maps files.
   */
  public SequencedMap<String, MemorySegment> parts() {
    return parts;
  }

  /**
   * A part of a segment's vectors as it is stored.
   *
   * @param name what it is
   * @param required whether a Kith that does not know it must refuse the segment
   * @param file that holds it
   * @param bytes of it
   */
  public record StoredPart(String name, boolean required, String file, long bytes) {}

  /** All that is stored, in the order in which it was written. */
  public List<StoredPart> storedParts() {
    return entry.parts().stream()
        .map(
            part ->
                new StoredPart(part.name(), part.required(), reader.fileName(part), part.length()))
        .toList();
  }

  /** How many rows. */
  public int size() {
    return documents.size();
  }

  /** Whether row {@code r} is of document {@code r}, for every document of the segment. */
  public boolean dense() {
    return documents.dense();
  }

  /** The document, in the segment, of a row; rows are in the order of their documents. */
  public int document(int row) {
    return documents.document(row);
  }

  /** The row of a document of the segment, or -1 if it has none. */
  public int row(int document) {
    return documents.row(document);
  }

  /**
   * Whether rows are read where the directory has them; if not, they were copied, because it does
   * not map files, or maps them in chunks that are too small.
   */
  public boolean inPlace() {
    return inPlace;
  }

  /** The rows of those documents, a bit a document; null if that is all of them. */
  public @Nullable RowFilter filter(@Nullable Bits accepted) {
    var bits = documents.rows(accepted);
    return switch (bits) {
      case null -> null;
      case FixedBitSet words -> RowFilter.of(size(), words.getBits());
      default -> RowFilter.of(size(), row -> bits.get((int) row));
    };
  }

  /** Bytes of the shadow, 0 if the segment has none; asks no backend. */
  public long shadowBytes() {
    return bytes(Part.SHADOW);
  }

  /** Bytes of the index that is more than a scan, 0 if the segment has none. */
  public long indexBytes() {
    return bytes(Part.INDEX);
  }

  private long bytes(String part) {
    var built = parts.get(part);
    return built == null ? 0 : built.byteSize();
  }

  private VectorIndex open() {
    var built = entry.part(Part.INDEX);
    var bytes = parts.get(Part.INDEX);
    return built == null || bytes == null
        ? scan()
        : VectorIndex.open(bytes, reader.fileName(built), rows);
  }

  /** Whether the segment has an index that is more than a scan. */
  public boolean hasIndex() {
    return parts.containsKey(Part.INDEX);
  }

  /** Exact search: scans the shadow if the segment has one, else the rows. */
  public VectorIndex scan() {
    var made = scan;
    if (made == null) {
      synchronized (this) {
        made = scan;
        if (made == null) {
          made =
              shadow == null
                  ? VectorIndex.over(rows, field.metric(), "flat")
                  : VectorIndex.over(shadow);
          scan = made;
        }
      }
    }
    return made;
  }

  /** The index that was built for the segment, or {@link #scan} if none was. */
  public VectorIndex index() {
    var made = index;
    if (made == null) {
      synchronized (this) {
        made = index;
        if (made == null) {
          made = open();
          index = made;
        }
      }
    }
    return made;
  }

  /**
   * Lets the index measure its recall anew, on queries that it was asked; searches that begin later
   * go by that. Lasts while the segment is open.
   *
   * @param queries {@code [q][d]}; at least 20
   */
  public void calibrate(VectorSource queries) {
    index = index().calibrate(queries);
  }

  /**
   * How many rows have no element but zeros. The first call reads the beginning of every row, which
   * brings all of them into memory where they are shorter than a page.
   */
  public int zeroRows() {
    int counted = zeroRows;
    if (counted < 0) {
      counted = 0;
      var row = new float[rows.dimension()];
      for (var block : rows.blocks(ROWS_AT_ONCE)) {
        for (int i = 0; i < block.rows(); i++) {
          counted += isZero(block, i, row) ? 1 : 0;
        }
      }
      zeroRows = counted;
    }
    return counted;
  }

  private static boolean isZero(VectorBlock block, int i, float[] row) {
    int first = Math.min(FIRST_ELEMENTS, row.length);
    block.elementType().decode(block.data(), i * block.stride(), row, 0, first);
    if (!isZero(row, first)) {
      return false;
    }
    block.decodeRow(i, row, 0);
    return isZero(row, row.length);
  }

  private static boolean isZero(float[] row, int elements) {
    for (int i = 0; i < elements; i++) {
      if (row[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads all rows and what was built of them: after this, shadow and index are known to be of
   * these rows. Does nothing if there is neither.
   *
   * @throws dev.kith.core.vector.VectorDataException naming the first row whose code is another, or
   *     what of an index is damaged
   */
  public void verifyBuilt() {
    if (shadow != null) {
      shadow.verify();
    }
    if (hasIndex()) {
      index().verify();
    }
  }

  RowDocuments documents() {
    return documents;
  }
}
