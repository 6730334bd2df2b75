import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.Version;

/**
 * Lucene's HNSW over float vectors: one segment, flushed once and mapped, searched by its reader
 * without the query classes above it. A search of width {@code w} is one for {@code w} neighbours,
 * of which the first {@code k} count: Lucene has no other setting.
 */
final class LucenePeer implements PeerProgram.Library {
  private static final String FIELD = "v";

  private float[][] rows = {};
  private float[][] queries = {};
  private VectorSimilarityFunction similarity = VectorSimilarityFunction.EUCLIDEAN;
  private LeafReader reader;
  private AcceptDocs all;

  public static void main(String[] arguments) throws Exception {
    PeerProgram.run(new LucenePeer());
  }

  @Override
  public String load(float[][] rows, float[][] queries, String metric, int k, int threads) {
    this.rows = rows;
    this.queries = queries;
    similarity =
        switch (metric) {
          case "l2" -> VectorSimilarityFunction.EUCLIDEAN;
          case "cosine" -> VectorSimilarityFunction.DOT_PRODUCT; // of unit vectors
          default -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
        };
    boolean simd = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return "Lucene %s%s".formatted(Version.LATEST, simd ? "" : " without the Vector API");
  }

  @Override
  public long build(Map<String, Integer> settings) throws Exception {
    var folder = Files.createTempDirectory("kith-lucene");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    var directory = new MMapDirectory(folder);
    var format = new Lucene99HnswVectorsFormat(settings.get("m"), settings.get("efc"));
    var vectors =
        new PerFieldKnnVectorsFormat() {
          @Override
          public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
            return format;
          }
        };
    var defaults = new Lucene104Codec();
    var codec =
        new FilterCodec(defaults.getName(), defaults) {
          @Override
          public KnnVectorsFormat knnVectorsFormat() {
            return vectors;
          }
        };
    var config = new IndexWriterConfig().setCodec(codec).setUseCompoundFile(false);
    config.setMergePolicy(NoMergePolicy.INSTANCE);
    // Flushes by nothing but the end: one segment, whose graph is built once.
    config.setRAMPerThreadHardLimitMB(2047);
    config.setRAMBufferSizeMB(2046);
    try (var writer = new IndexWriter(directory, config)) {
      var document = new Document();
      var field = new KnnFloatVectorField(FIELD, rows[0], similarity);
      document.add(field);
      for (var row : rows) {
        field.setVectorValue(row);
        writer.addDocument(document);
      }
      writer.commit();
    }
    var opened = DirectoryReader.open(directory);
    if (opened.leaves().size() != 1) {
      throw new IllegalStateException(
          "expected one segment, got %d: the rows do not fit into one buffer of 2 GiB"
              .formatted(opened.leaves().size()));
    }
    reader = opened.leaves().getFirst().reader();
    all = AcceptDocs.fromLiveDocs(reader.getLiveDocs(), reader.maxDoc());
    long bytes = 0;
    for (var name : directory.listAll()) {
      bytes += directory.fileLength(name);
    }
    return bytes;
  }

  @Override
  public int search(int query, int width, int[] found) throws Exception {
    var best =
        reader.searchNearestVectors(
            FIELD, queries[query], Math.max(width, found.length), all, Integer.MAX_VALUE);
    int size = Math.min(best.scoreDocs.length, found.length);
    for (int rank = 0; rank < size; rank++) {
      found[rank] = best.scoreDocs[rank].doc; // rows were added in their order
    }
    return size;
  }

  private static void delete(Path folder) {
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (java.io.IOException e) {
      System.err.println("left behind: " + folder);
    }
  }
}
