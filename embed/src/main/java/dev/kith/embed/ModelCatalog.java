package dev.kith.embed;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Catalogue of the models that have a name. Each is one jar of Maven Central that holds an ONNX
 * model and its tokenizer, and is looked for (1) on the class path or module path, (2) in {@link
 * #cacheFolder()}.
 */
public final class ModelCatalog {

  /** The name of the model that Kith uses unless told otherwise: small, quantized, English. */
  public static final String DEFAULT = "bge-small-en-v15-q";

  private static final String GROUP = "dev.langchain4j";
  private static final String VERSION = "1.20.0-beta30";

  private static final List<Entry> ENTRIES =
      List.of(
          new Entry(
              "bge-small-en-v15-q",
              "bge-small-en-v1.5-q",
              Pooling.CLS,
              384,
              25,
              "95b1ab04b9455fac9c63d52786ff142bfd3e86ace6b987eed263206672700dfe"),
          new Entry(
              "bge-small-en-v15",
              "bge-small-en-v1.5",
              Pooling.CLS,
              384,
              78,
              "30ab2f7b31669e67a7867574032f16e2a7afd6a490348b3164ceaf5c628222b6"),
          new Entry(
              "all-minilm-l6-v2",
              "all-minilm-l6-v2",
              Pooling.MEAN,
              384,
              83,
              "7b969e95283826afd9e452a0ab5b80a5ada5c6b49804b938886f5571cc4318ee"),
          new Entry(
              "all-minilm-l6-v2-q",
              "all-minilm-l6-v2-q",
              Pooling.MEAN,
              384,
              16,
              "cd0f28d2b59887372ee90e4e9e32314a27aa8f47a688ce8b413573c82ec68da8"));

  private ModelCatalog() {}

  /**
   * A model with a name.
   *
   * @param name name by which users ask for it
   * @param stem beginning of the names of its files in the jar
   * @param pooling pooling that it was trained with
   * @param dimension elements of its vectors
   * @param megabytes size of the jar, rounded
   * @param sha256 checksum of the jar, lower-case hexadecimal
   */
  public record Entry(
      String name, String stem, Pooling pooling, int dimension, int megabytes, String sha256) {

    /** Maven coordinates of the jar, {@code group:artifact:version}. The jar alone is enough. */
    public String coordinates() {
      return GROUP + ":langchain4j-embeddings-" + name + ":" + VERSION;
    }

    /** The jar's file name. */
    public String jarName() {
      return "langchain4j-embeddings-" + name + "-" + VERSION + ".jar";
    }

    /** Where the jar lies, or would lie, in the cache folder. */
    public Path cachedJar() {
      return cacheFolder().resolve(jarName());
    }

    /**
     * Where the model is right now: a jar of the class path or in the cache folder (whose checksum
     * is not yet looked at); empty if it would have to be fetched first.
     */
    public Optional<URI> find() {
      var url = resource(modelFile());
      if (url != null) {
        return Optional.of(URI.create(url.toString()));
      }
      var jar = cachedJar();
      return Files.isRegularFile(jar) ? Optional.of(jar.toUri()) : Optional.empty();
    }

    String modelFile() {
      return stem + ".onnx";
    }

    String tokenizerFile() {
      return stem + "-tokenizer.json";
    }

    /** Checks that {@code jar} is, byte for byte, the jar this entry was written for. */
    void requireIntact(Path jar) {
      var found = sha256Of(jar);
      if (!found.equals(sha256)) {
        throw new ModelException(
            "model jar is damaged: file=%s, sha256=%s, expected=%s; delete that file and fetch it again"
                .formatted(jar, found, sha256));
      }
    }

    ModelException notFound() {
      return new ModelException(
          "model %s is not here: not on the class path, not in %s; add the jar %s to the class path, or put it (%s) into that folder"
              .formatted(name, cacheFolder(), coordinates(), jarName()));
    }
  }

  /** All models, the default first. */
  public static List<Entry> entries() {
    return ENTRIES;
  }

  /**
   * The model called {@code name}.
   *
   * @throws ModelException if there is none; the message lists the names
   */
  public static Entry named(String name) {
    return ENTRIES.stream()
        .filter(e -> e.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ModelException(
                    "no model has this name: %s; known are %s, or give a folder with model.onnx and tokenizer.json"
                        .formatted(
                            name,
                            ENTRIES.stream().map(Entry::name).collect(Collectors.joining(", ")))));
  }

  /**
   * Folder in which fetched model jars are kept: system property {@code kith.models}, or {@code
   * kith/models} under {@code $XDG_CACHE_HOME}, or under {@code ~/.cache}.
   */
  public static Path cacheFolder() {
    var set = System.getProperty("kith.models");
    if (set != null) {
      return Path.of(set);
    }
    var cache = System.getenv("XDG_CACHE_HOME");
    var base =
        cache == null || cache.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return base.resolve("kith").resolve("models");
  }

  /** Finds a file at the root of a jar that the program was started with. */
  static @Nullable URL resource(String name) {
    var context = Thread.currentThread().getContextClassLoader();
    var url = context == null ? null : context.getResource(name);
    if (url != null) {
      return url;
    }
    var own = ModelCatalog.class.getClassLoader();
    return own == null ? null : own.getResource(name);
  }

  static String sha256Of(Path file) {
    var digest = sha256();
    try (InputStream in = Files.newInputStream(file)) {
      update(digest, in);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The checksum of files, one after the other. */
  static String sha256Of(List<URL> files) {
    var digest = sha256();
    for (var file : files) {
      try (InputStream in = file.openStream()) {
        update(digest, in);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + file, e);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static void update(MessageDigest digest, InputStream in) throws IOException {
    var buffer = new byte[1 << 16];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      digest.update(buffer, 0, n);
    }
  }
}
