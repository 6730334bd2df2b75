package dev.kith.cli.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.cli.console.Progress;
import dev.kith.cli.input.DemoTexts;
import dev.kith.cli.input.ModelOptions;
import dev.kith.cli.input.UserFiles;
import dev.kith.cli.input.VectorOptions;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Options that name what the lab searches: vectors in files, texts, or synthetic vectors; shared by
 * its commands.
 */
final class LabVectors {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int BLOCK_ROWS = 1024;

  @Mixin VectorOptions given;

  @Option(
      names = "--texts",
      paramLabel = "FILE.jsonl",
      description =
          "texts to embed instead, as kith embed reads them; the last ones are the queries."
              + " Without any of these options: the bundled texts of kith demo")
  @Nullable Path texts;

  @Option(
      names = "--query-count",
      defaultValue = "64",
      paramLabel = "Q",
      description = "how many queries, at most; default: ${DEFAULT-VALUE}")
  int queryCount;

  @Mixin ModelOptions modelOptions;

  @Option(
      names = "--keep",
      paramLabel = "FOLDER",
      defaultValue = "kith-data/.lab",
      description =
          "where the texts' vectors are kept, to be used again; default: ${DEFAULT-VALUE}")
  Path keep;

  /** Float32 rows and queries, with their description. */
  record Opened(String name, VectorSource rows, VectorSource queries, List<VectorSource> sources)
      implements AutoCloseable {
    @Override
    public void close() {
      sources.forEach(VectorSource::close);
    }
  }

  /** Refuses options that cannot be used, before the work begins. */
  void requireUsable() {
    int kinds = (given.files() ? 1 : 0) + (given.synthetic() ? 1 : 0) + (texts != null ? 1 : 0);
    given.require(
        kinds <= 1 && given.whole(),
        "give --data and --queries, or --texts, or --n and --dim, or none: then the bundled texts",
        "");
    given.requireUsable(queryCount);
  }

  /** Whether the user said what to search. */
  boolean chosen() {
    return given.files() || given.synthetic() || texts != null;
  }

  /**
   * Opens, embeds or generates rows and queries.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  Opened open(PrintWriter err, boolean silent) throws IOException {
    requireUsable();
    if (given.synthetic()) {
      var rows = given.rows();
      var queries = given.queries(queryCount);
      return new Opened("synthetic, seed " + given.seed(), rows, queries, List.of(rows, queries));
    }
    if (given.files()) {
      var rows = given.rows();
      var queries = given.queries(queryCount);
      return opened(String.valueOf(given.data()), rows, queries, List.of(rows, queries));
    }
    return texts(err, silent);
  }

  private Opened opened(
      String name, VectorSource rows, VectorSource queries, List<VectorSource> sources) {
    try {
      if (rows.size() == 0 || queries.size() == 0) {
        throw new IllegalArgumentException(
            "no rows or no queries: %s holds %d, %s holds %d"
                .formatted(rows.name(), rows.size(), queries.name(), queries.size()));
      }
      VectorOptions.requireFit(rows, queries);
      rows.requireFinite();
      var asked = queries.slice(0, Math.min(queryCount, queries.size()));
      asked.requireFinite();
      return new Opened(name, float32(rows), float32(asked), sources);
    } catch (RuntimeException e) {
      sources.forEach(VectorSource::close);
      throw e;
    }
  }

  /**
   * Source of float32 rows: {@code source} itself, or a copy in memory if it holds other elements.
   */
  private static VectorSource float32(VectorSource source) {
    if (source.elementType() == ElementType.FLOAT32) {
      return source;
    }
    long stride = (long) source.dimension() * Float.BYTES;
    var copy = Arena.ofAuto().allocate(source.size() * stride, Long.BYTES);
    var row = new float[source.dimension()];
    for (var block : source.blocks(BLOCK_ROWS)) {
      for (int r = 0; r < block.rows(); r++) {
        block.decodeRow(r, row, 0);
        MemorySegment.copy(row, 0, copy, FLOAT, (block.firstRow() + r) * stride, row.length);
      }
    }
    return VectorSource.over(copy, stride, source.size(), source.dimension(), ElementType.FLOAT32);
  }

  private Opened texts(PrintWriter err, boolean silent) throws IOException {
    var all = read();
    int asking = Math.min(queryCount, all.size() / 2);
    if (asking == 0) {
      throw new IllegalArgumentException(
          "at least two texts are needed, one to search and one to ask with: %s holds %d"
              .formatted(texts, all.size()));
    }
    var vectors = vectors(modelOptions.contents(all), err, silent);
    var name =
        "%d %s texts, model %s"
            .formatted(
                all.size() - asking,
                texts == null ? "bundled" : texts.toString(),
                modelOptions.model());
    return opened(
        name,
        vectors.slice(0, vectors.size() - asking),
        vectors.slice(vectors.size() - asking, asking),
        List.of(vectors));
  }

  /** Reads all texts of the file, or the bundled ones. */
  List<BeirText> read() throws IOException {
    if (texts == null) {
      try (var bundled = DemoTexts.open().corpus()) {
        return bundled.toList();
      }
    }
    UserFiles.requireReadable(texts);
    try (var own = BeirFolder.texts(texts)) {
      return own.toList();
    }
  }

  /** Vectors of the contents, embedded now or read from the file that an earlier run kept. */
  private VectorSource vectors(List<String> contents, PrintWriter err, boolean silent)
      throws IOException {
    var file = keep.resolve("texts-%s.npy".formatted(hash(contents)));
    if (!Files.exists(file)) {
      Files.createDirectories(keep);
      try (var model = modelOptions.load(err, silent)) {
        var bar = new Progress(err, "embedding", "texts", contents.size(), silent);
        try (var embedded = bar.watch(() -> model.embed(contents, bar))) {
          VectorWriter.write(file, embedded);
        }
      }
    }
    return VectorFiles.open(file);
  }

  /** Hash of everything that the vectors depend on. */
  private String hash(List<String> contents) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(modelOptions.identity().getBytes(UTF_8));
      for (var content : contents) {
        digest.update(content.getBytes(UTF_8));
        digest.update((byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
