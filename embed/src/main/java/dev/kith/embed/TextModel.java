package dev.kith.embed;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedding;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Progress;
import dev.kith.core.work.Workers;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns texts into vectors with a model of the BERT family.
 *
 * <pre>{@code
 * try (var model = TextModel.load("bge-small-en-v15-q")) {
 *   float[] vector = model.embed("iconic archaeological landmark");
 * }
 * }</pre>
 *
 * <p>Safe for many threads. Embedding after {@link #close()} throws {@link IllegalStateException};
 * closing waits for batches that are under way.
 */
public final class TextModel implements TextEmbedder {

  /** Texts that are tokenized and sorted by length together. */
  private static final int WINDOW = 8192;

  /** Hardware that a model runs on. */
  public enum Device {
    /** The processor. */
    CPU,
    /** The first NVIDIA GPU, by ONNX Runtime's CUDA provider. */
    CUDA;

    /** Reason why models cannot run on it and what to do, in one line, or null if they can. */
    public @Nullable String unavailable() {
      return this == CPU || OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)
          ? null
          : "ONNX Runtime here has no CUDA provider; put com.microsoft.onnxruntime:onnxruntime_gpu"
              + " in the place of onnxruntime";
    }
  }

  /**
   * Options of a model's use.
   *
   * @param pooling way in which token vectors become one vector; null takes the catalogue's, so
   *     that it must be given for a model folder
   * @param maxLength most tokens of a text that are read, {@code [CLS]} and {@code [SEP]} included;
   *     at least 2, and no more than the model has positions (512 as a rule)
   * @param normalize whether vectors are scaled to length 1; cosine is the same either way
   * @param threads number of batches computed at the same time, one core each; at least 1
   * @param device hardware that they are computed on
   * @param queryPrefix put before a text by {@link #embedQuery}, such as {@code "query: "} for e5
   * @param passagePrefix put before each text by {@link #embedPassages}
   */
  public record Options(
      @Nullable Pooling pooling,
      int maxLength,
      boolean normalize,
      int threads,
      Device device,
      String queryPrefix,
      String passagePrefix) {

    /**
     * Default options: the model's own pooling, 512 tokens, length 1, all cores of the CPU, no
     * prefixes.
     */
    public static final Options DEFAULT =
        new Options(
            null, 512, true, Runtime.getRuntime().availableProcessors(), Device.CPU, "", "");

    /** Checks the numbers. */
    public Options {
      if (maxLength < 2) {
        throw new IllegalArgumentException("maxLength must be at least 2 tokens: " + maxLength);
      }
      if (threads < 1) {
        throw new IllegalArgumentException("threads must be at least 1: " + threads);
      }
    }

    /** Sets the pooling. */
    public Options withPooling(@Nullable Pooling value) {
      return new Options(value, maxLength, normalize, threads, device, queryPrefix, passagePrefix);
    }

    /** Sets the most tokens of a text. */
    public Options withMaxLength(int value) {
      return new Options(pooling, value, normalize, threads, device, queryPrefix, passagePrefix);
    }

    /** Sets whether vectors are scaled to length 1. */
    public Options withNormalize(boolean value) {
      return new Options(pooling, maxLength, value, threads, device, queryPrefix, passagePrefix);
    }

    /** Sets the number of threads. */
    public Options withThreads(int value) {
      return new Options(pooling, maxLength, normalize, value, device, queryPrefix, passagePrefix);
    }

    /** Sets the device. */
    public Options withDevice(Device value) {
      return new Options(pooling, maxLength, normalize, threads, value, queryPrefix, passagePrefix);
    }

    /** Sets what is put before questions and before passages. */
    public Options withPrefixes(String query, String passage) {
      return new Options(pooling, maxLength, normalize, threads, device, query, passage);
    }
  }

  private final String name;
  private final WordPieceTokenizer tokenizer;
  private final OnnxEncoder encoder;
  private final Options options;

  /** Batches that may be computed at the same time, whoever asks. */
  private final Semaphore places;

  private final List<URL> files;
  private volatile @Nullable TextEmbedding embedding;

  private TextModel(
      String name,
      WordPieceTokenizer tokenizer,
      OnnxEncoder encoder,
      Options options,
      List<URL> files) {
    this.name = name;
    this.files = List.copyOf(files);
    this.tokenizer = tokenizer;
    this.encoder = encoder;
    this.options = options;
    this.places = new Semaphore(options.threads);
  }

  /** Loads a model as {@link #load(String, Options)} does, with {@link Options#DEFAULT}. */
  public static TextModel load(String name) {
    return load(name, Options.DEFAULT);
  }

  /**
   * Loads a model of the {@link ModelCatalog} from the class path, or else from the cache folder.
   *
   * @throws ModelException if there is no such name, if its jar is in neither place (the message
   *     says which jar to add), or if the jar in the cache folder is damaged
   */
  public static TextModel load(String name, Options options) {
    var entry = ModelCatalog.named(name);
    var pooling = options.pooling == null ? entry.pooling() : options.pooling;
    try {
      var model = ModelCatalog.resource(entry.modelFile());
      var tokenizer = ModelCatalog.resource(entry.tokenizerFile());
      if (model == null || tokenizer == null) {
        var jar = entry.cachedJar();
        if (!Files.exists(jar)) {
          throw entry.notFound();
        }
        entry.requireIntact(jar);
        model = inside(jar, entry.modelFile());
        tokenizer = inside(jar, entry.tokenizerFile());
      }
      return load(name, model, tokenizer, options.withPooling(pooling), pooling);
    } catch (IOException e) {
      throw new ModelException("model %s cannot be read: %s".formatted(name, e), e);
    }
  }

  private static URL inside(Path jar, String file) throws IOException {
    try {
      return new URI("jar:" + jar.toUri() + "!/" + file).toURL();
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private static TextModel load(
      String name, URL model, URL tokenizer, Options options, Pooling pooling) throws IOException {
    WordPieceTokenizer words;
    try (var in = tokenizer.openStream()) {
      words = WordPieceTokenizer.fromJson(in, tokenizer.toString());
    }
    return new TextModel(
        name, words, OnnxEncoder.load(model, pooling, options), options, List.of(model, tokenizer));
  }

  /**
   * Opens a model folder of your own: {@code model.onnx} with {@code tokenizer.json} or {@code
   * vocab.txt}, a BERT-family export as Sentence Transformers or Optimum write it.
   *
   * @throws ModelException if a file is missing or is not what it should be, or if {@code options}
   *     names no pooling
   */
  public static TextModel open(Path folder, Options options) {
    var model = folder.resolve("model.onnx");
    if (!Files.isRegularFile(model)) {
      throw new ModelException(
          "a model folder holds model.onnx and tokenizer.json (or vocab.txt): no file %s"
              .formatted(model));
    }
    if (options.pooling == null) {
      throw new ModelException(
          "say how this model pools: folder=%s; CLS for bge, MEAN for MiniLM, gte and e5"
              .formatted(folder));
    }
    var tokenizer = WordPieceTokenizer.read(folder);
    return new TextModel(
        String.valueOf(folder.toAbsolutePath().normalize().getFileName()),
        tokenizer,
        OnnxEncoder.open(model, options.pooling, options),
        options,
        files(folder));
  }

  /** Files of a model folder that its vectors depend on, in the order in which they are summed. */
  private static List<URL> files(Path folder) {
    var files = new ArrayList<URL>();
    for (var name : List.of("model.onnx", "model.onnx_data", "tokenizer.json", "vocab.txt")) {
      var file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        try {
          files.add(file.toUri().toURL());
        } catch (MalformedURLException e) {
          throw new ModelException("a file must have a URL: %s: %s".formatted(file, e), e);
        }
      }
    }
    return files;
  }

  /** Name of the model in the catalogue, or of its folder. */
  public String name() {
    return name;
  }

  @Override
  public int dimension() {
    return encoder.dimension();
  }

  /** Most tokens of a text that are read. */
  public int maxLength() {
    return options.maxLength;
  }

  /** Options of its use; pooling is set. */
  public Options options() {
    return options;
  }

  /**
   * All that its vectors depend on: name, pooling, length, prefixes, and the SHA-256 of its files,
   * one after the other, which the first call reads.
   */
  @Override
  public TextEmbedding embedding() {
    var known = embedding;
    if (known == null) {
      known =
          TextEmbedding.of(name)
              .withPooling(String.valueOf(options.pooling).toLowerCase(Locale.ROOT))
              .withMaxLength(options.maxLength)
              .withNormalized(options.normalize)
              .withPrefixes(options.queryPrefix, options.passagePrefix)
              .withChecksum("sha256:" + ModelCatalog.sha256Of(files));
      embedding = known;
    }
    return known;
  }

  @Override
  public float[] embedQuery(String text) {
    return embed(options.queryPrefix + text);
  }

  @Override
  public List<float[]> embedPassages(List<String> texts) {
    var rows = new ArrayList<float[]>(texts.size());
    embed(texts.stream().map(text -> options.passagePrefix + text).iterator(), rows::add, _ -> {});
    return rows;
  }

  /** The vector of one text as it is, without a prefix, {@code float[dimension]}. */
  public float[] embed(String text) {
    return encoder.encode(List.of(tokenizer.encode(text, options.maxLength)))[0];
  }

  /**
   * The vectors of some texts, in their order, in memory of their own that the caller closes.
   *
   * @throws IllegalArgumentException if there are no texts
   */
  public VectorSource embed(List<String> texts) {
    return embed(texts, done -> {});
  }

  /**
   * Embeds as {@link #embed(List)} does, and tells {@code progress} now and then how many texts are
   * done.
   */
  public VectorSource embed(List<String> texts, LongConsumer progress) {
    if (texts.isEmpty()) {
      throw new IllegalArgumentException("no texts to embed: give at least one");
    }
    var rows = new ArrayList<float[]>(texts.size());
    embed(texts.iterator(), rows::add, progress);
    return VectorSource.of(rows.toArray(float[][]::new));
  }

  /**
   * Embeds any number of texts, a few thousand at a time, without keeping them.
   *
   * @param texts read as needed, by the calling thread
   * @param sink receives the vectors in the order of the texts, from the calling thread
   * @param progress receives how many texts are done; from any thread, one at a time
   */
  public void embed(Iterator<String> texts, Consumer<float[]> sink, LongConsumer progress) {
    var done = new Course(progress);
    var window = new ArrayList<int[]>();
    while (texts.hasNext()) {
      window.clear();
      while (texts.hasNext() && window.size() < WINDOW) {
        window.add(tokenizer.encode(texts.next(), options.maxLength));
      }
      for (var vector : encode(window, done)) {
        sink.accept(vector);
      }
    }
  }

  private float[][] encode(List<int[]> texts, Course done) {
    encoder.requireOpen();
    var vectors = new float[texts.size()][];
    var batches = Batches.of(texts);
    Workers.forEach(
        batches.size(),
        options.threads,
        done,
        unit -> {
          var batch = batches.get((int) unit);
          var tokens = new ArrayList<int[]>(batch.length);
          for (int i : batch) {
            tokens.add(texts.get(i));
          }
          var found = compute(tokens);
          for (int i = 0; i < batch.length; i++) {
            vectors[batch[i]] = found[i];
          }
          done.add(batch.length);
        });
    return vectors;
  }

  private float[][] compute(List<int[]> tokens) {
    places.acquireUninterruptibly();
    try {
      return encoder.encode(tokens);
    } finally {
      places.release();
    }
  }

  /** Counts texts for a listener, and ends the work when the thread that asked is interrupted. */
  private static final class Course implements Progress {
    private final LongConsumer listener;
    private final Thread caller = Thread.currentThread();
    private long done;

    Course(LongConsumer listener) {
      this.listener = listener;
    }

    @Override
    public void check() {
      if (caller.isInterrupted()) {
        throw new ModelException("embedding was interrupted");
      }
    }

    @Override
    public void advance(long batches) {} // texts are counted

    synchronized void add(int texts) {
      done += texts;
      listener.accept(done);
    }
  }

  @Override
  public void close() {
    encoder.close(); // what workers still have to do then fails at once
  }
}
