package dev.kith.db.format;

import dev.kith.db.durability.Checks;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.lucene.codecs.DocValuesProducer;
import org.apache.lucene.codecs.FieldsProducer;
import org.apache.lucene.codecs.NormsProducer;
import org.apache.lucene.codecs.PointsReader;
import org.apache.lucene.codecs.StoredFieldsReader;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.DocValuesSkipper;
import org.apache.lucene.index.FilterDirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.PointValues;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.SortedNumericDocValues;
import org.apache.lucene.index.SortedSetDocValues;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Terms;
import org.jspecify.annotations.Nullable;

/**
 * A reader whose segments are read only after their checksums were found right: Lucene itself
 * checks the small files when it opens them and leaves the large ones to whoever asks.
 *
 * <h2>Implementation notes</h2>
 *
 * A segment's files are checked by kind (terms, stored fields, ...) when a reader of that kind is
 * first asked for, whoever asks: searches, Lucene's own queries, lookups. What was checked is
 * remembered by the segment's core, which all readers of the segment share, so that a refresh
 * checks new segments alone. A check reads the kind's files once from end to end; afterwards a
 * query costs one look into a set. Of vectors the parts are checked one by one, so that the list of
 * documents needs no row to be read; segments of {@code Kith1} have one checksum a file.
 */
public final class CheckedReader extends FilterDirectoryReader {
  private final Wrapper wrapper;

  private CheckedReader(DirectoryReader in, Wrapper wrapper) throws IOException {
    super(in, wrapper);
    this.wrapper = wrapper;
  }

  /** The same reader, checked. */
  public static DirectoryReader of(DirectoryReader reader, Checks checks) throws IOException {
    return checks == Checks.OFF
        ? reader
        : new CheckedReader(reader, new Wrapper(checks == Checks.ALL));
  }

  @Override
  protected DirectoryReader doWrapDirectoryReader(DirectoryReader in) throws IOException {
    return new CheckedReader(in, wrapper);
  }

  @Override
  public @Nullable CacheHelper getReaderCacheHelper() {
    return in.getReaderCacheHelper();
  }

  /** What a segment's bytes are for. */
  private enum Kind {
    TERMS,
    STORED,
    VALUES,
    NORMS,
    POINTS
  }

  private static final class Wrapper extends SubReaderWrapper {
    private final boolean vectors;

    /** What is known to be right, by the core of its segment. */
    private final Map<Object, Set<Object>> checked = new ConcurrentHashMap<>();

    Wrapper(boolean vectors) {
      this.vectors = vectors;
    }

    @Override
    public LeafReader wrap(LeafReader leaf) {
      var core = leaf.getCoreCacheHelper();
      if (core == null || !(FilterLeafReader.unwrap(leaf) instanceof CodecReader segment)) {
        return leaf;
      }
      var known =
          checked.computeIfAbsent(
              core.getKey(),
              key -> {
                core.addClosedListener(checked::remove);
                return ConcurrentHashMap.newKeySet();
              });
      return new Leaf(leaf, segment, known, vectors);
    }
  }

  /** A segment of a {@link CheckedReader}. */
  static final class Leaf extends FilterLeafReader {
    private final CodecReader segment;
    private final Set<Object> checked;
    private final boolean vectors;

    private Leaf(LeafReader in, CodecReader segment, Set<Object> checked, boolean vectors) {
      super(in);
      this.segment = segment;
      this.checked = checked;
      this.vectors = vectors;
    }

    private interface Check {
      void run() throws IOException;
    }

    private void require(Object what, Check check) throws IOException {
      if (checked.contains(what)) {
        return;
      }
      synchronized (checked) { // those who come meanwhile wait for the one check
        if (!checked.contains(what)) {
          check.run();
          checked.add(what);
        }
      }
    }

    /**
     * Checks those parts of a field that decide which rows are read: which document each is of, and
     * the index, whose links a walk follows unasked. Rows and their shadow only where all is to be
     * checked.
     */
    void requireVectors(VectorsReader reader, FieldEntry entry) throws IOException {
      for (var part : entry.parts()) {
        boolean leads = part.name().equals(Part.DOCUMENTS) || part.name().equals(Part.INDEX);
        if (vectors || leads) {
          require(reader.checked(part), () -> reader.check(part));
        }
      }
    }

    private void requireValues() throws IOException {
      DocValuesProducer values = segment.getDocValuesReader();
      if (values != null) {
        require(Kind.VALUES, values::checkIntegrity);
      }
    }

    @Override
    public Terms terms(String field) throws IOException {
      FieldsProducer terms = segment.getPostingsReader();
      if (terms != null) {
        require(Kind.TERMS, terms::checkIntegrity);
      }
      return in.terms(field);
    }

    @Override
    public StoredFields storedFields() throws IOException {
      StoredFieldsReader stored = segment.getFieldsReader();
      if (stored != null) {
        require(Kind.STORED, stored::checkIntegrity);
      }
      return in.storedFields();
    }

    @Override
    public PointValues getPointValues(String field) throws IOException {
      PointsReader points = segment.getPointsReader();
      if (points != null) {
        require(Kind.POINTS, points::checkIntegrity);
      }
      return in.getPointValues(field);
    }

    @Override
    public NumericDocValues getNormValues(String field) throws IOException {
      NormsProducer norms = segment.getNormsReader();
      if (norms != null) {
        require(Kind.NORMS, norms::checkIntegrity);
      }
      return in.getNormValues(field);
    }

    @Override
    public NumericDocValues getNumericDocValues(String field) throws IOException {
      requireValues();
      return in.getNumericDocValues(field);
    }

    @Override
    public BinaryDocValues getBinaryDocValues(String field) throws IOException {
      requireValues();
      return in.getBinaryDocValues(field);
    }

    @Override
    public SortedDocValues getSortedDocValues(String field) throws IOException {
      requireValues();
      return in.getSortedDocValues(field);
    }

    @Override
    public SortedNumericDocValues getSortedNumericDocValues(String field) throws IOException {
      requireValues();
      return in.getSortedNumericDocValues(field);
    }

    @Override
    public SortedSetDocValues getSortedSetDocValues(String field) throws IOException {
      requireValues();
      return in.getSortedSetDocValues(field);
    }

    @Override
    public DocValuesSkipper getDocValuesSkipper(String field) throws IOException {
      requireValues();
      return in.getDocValuesSkipper(field);
    }

    @Override
    public IndexReader.@Nullable CacheHelper getCoreCacheHelper() {
      return in.getCoreCacheHelper();
    }

    @Override
    public IndexReader.@Nullable CacheHelper getReaderCacheHelper() {
      return in.getReaderCacheHelper();
    }
  }
}
