package dev.kith.embed;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URL;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A BERT encoder in ONNX Runtime: token numbers in, one vector a text out.
 *
 * <p>A call computes on its own thread; callers run several at once. That measured faster than one
 * call on several threads, which wait for each other at every operator; the figures stand at {@link
 * Batches#TOKENS}. Memory patterns, the arena and flushing denormals made no difference.
 */
final class OnnxEncoder implements AutoCloseable {
  private static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";

  private final String name;
  private final OrtSession session;
  private final String output;
  private final int dimension;
  private final Pooling pooling;
  private final boolean normalize;

  /** Calls hold the read lock: ONNX Runtime crashes if a session closes under a running one. */
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();

  private volatile boolean closed;

  private OnnxEncoder(String name, OrtSession session, Pooling pooling, boolean normalize)
      throws OrtException {
    this.name = name;
    this.session = session;
    this.pooling = pooling;
    this.normalize = normalize;
    if (!Set.of(IDS, MASK, TYPES).containsAll(session.getInputNames())
        || !session.getInputNames().contains(IDS)) {
      throw new ModelException(
          "a BERT model takes input_ids, attention_mask, token_type_ids: file=%s takes %s"
              .formatted(name, String.join(", ", session.getInputNames())));
    }
    for (var input : session.getInputInfo().entrySet()) {
      if (!(input.getValue().getInfo() instanceof TensorInfo info)
          || info.type != OnnxJavaType.INT64) {
        throw new ModelException(
            "a model's inputs must be int64: file=%s, input=%s is %s"
                .formatted(name, input.getKey(), input.getValue().getInfo()));
      }
    }
    String found = null;
    int width = 0;
    for (var candidate : session.getOutputInfo().entrySet()) {
      if (candidate.getValue().getInfo() instanceof TensorInfo info
          && info.type == OnnxJavaType.FLOAT
          && info.getShape().length == 3) {
        found = candidate.getKey();
        width = (int) info.getShape()[2];
        break;
      }
    }
    if (found == null || width < 1) {
      throw new ModelException(
          "a BERT model gives float32 token vectors [texts, tokens, dimension]: file=%s gives %s"
              .formatted(name, session.getOutputInfo()));
    }
    this.output = found;
    this.dimension = width;
  }

  /** Opens a model file in a folder, with the files of weights that it may name beside it. */
  static OnnxEncoder open(Path model, Pooling pooling, TextModel.Options how) {
    return create(
        model.toString(),
        options -> OrtEnvironment.getEnvironment().createSession(model.toString(), options),
        pooling,
        how);
  }

  /** Loads a model inside a jar; its bytes pass through memory outside the heap. */
  static OnnxEncoder load(URL model, Pooling pooling, TextModel.Options how) throws IOException {
    var connection = model.openConnection();
    connection.setUseCaches(false);
    long size = connection.getContentLengthLong();
    try (var arena = Arena.ofConfined();
        var in = Channels.newChannel(connection.getInputStream())) {
      var bytes = arena.allocate(size).asByteBuffer();
      while (bytes.hasRemaining()) {
        if (in.read(bytes) < 0) {
          throw new EOFException(
              "%s ends after %d of %d bytes".formatted(model, bytes.position(), size));
        }
      }
      bytes.flip();
      return create(
          model.toString(),
          options -> OrtEnvironment.getEnvironment().createSession(bytes, options),
          pooling,
          how);
    }
  }

  private interface SessionSource {
    OrtSession open(SessionOptions options) throws OrtException;
  }

  private static OnnxEncoder create(
      String name, SessionSource source, Pooling pooling, TextModel.Options how) {
    var missing = how.device().unavailable();
    if (missing != null) {
      throw new ModelException("the model cannot run there: file=%s: %s".formatted(name, missing));
    }
    try (var options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // errors are thrown
      if (how.device() == TextModel.Device.CUDA) {
        options.addCUDA(0);
      }
      var session = source.open(options);
      try {
        return new OnnxEncoder(name, session, pooling, how.normalize());
      } catch (OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (OrtException e) {
      throw new ModelException(
          "ONNX Runtime cannot load the model: file=%s: %s".formatted(name, oneLine(e)), e);
    }
  }

  private static String oneLine(Exception e) {
    return String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the model is closed: " + name);
    }
  }

  int dimension() {
    return dimension;
  }

  /**
   * Encodes one batch on the calling thread.
   *
   * @param texts token numbers of each, the longest sets the padding
   * @return {@code [texts][dimension]}
   */
  float[][] encode(List<int[]> texts) {
    lifetime.readLock().lock();
    try {
      requireOpen();
      var event = new EmbedEvent();
      event.begin();
      var vectors = run(texts);
      event.end();
      if (event.shouldCommit()) {
        event.texts = texts.size();
        event.tokens = longest(texts);
        event.commit();
      }
      return vectors;
    } catch (OrtException e) {
      int tokens = longest(texts);
      throw new ModelException(
          "the model failed on a batch of %d texts of up to %d tokens: file=%s: %s (does it have that many positions? lower the maximum length)"
              .formatted(texts.size(), tokens, name, oneLine(e)),
          e);
    } finally {
      lifetime.readLock().unlock();
    }
  }

  private static int longest(List<int[]> texts) {
    return texts.stream().mapToInt(t -> t.length).max().orElseThrow();
  }

  private float[][] run(List<int[]> texts) throws OrtException {
    int tokens = longest(texts);
    long[] shape = {texts.size(), tokens};
    var ids = new long[texts.size() * tokens];
    var mask = new long[ids.length];
    for (int t = 0; t < texts.size(); t++) {
      var text = texts.get(t);
      for (int i = 0; i < text.length; i++) {
        ids[t * tokens + i] = text[i];
        mask[t * tokens + i] = 1;
      }
    }
    var values = Map.of(IDS, ids, MASK, mask, TYPES, new long[ids.length]);
    var inputs = new HashMap<String, OnnxTensor>();
    try {
      for (var input : session.getInputNames()) {
        inputs.put(
            input,
            OnnxTensor.createTensor(
                OrtEnvironment.getEnvironment(), LongBuffer.wrap(values.get(input)), shape));
      }
      try (var result = session.run(inputs, Set.of(output))) {
        return pool(((OnnxTensor) result.get(0)).getFloatBuffer(), texts, tokens);
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  /** Pools {@code hidden[texts][tokens][dimension]} to {@code [texts][dimension]}. */
  private float[][] pool(FloatBuffer hidden, List<int[]> texts, int tokens) {
    var vectors = new float[texts.size()][dimension];
    for (int t = 0; t < vectors.length; t++) {
      var vector = vectors[t];
      int row = t * tokens * dimension;
      switch (pooling) {
        case CLS -> hidden.get(row, vector);
        case MEAN -> {
          int length = texts.get(t).length;
          for (int d = 0; d < dimension; d++) {
            double sum = 0;
            for (int i = 0; i < length; i++) {
              sum += hidden.get(row + i * dimension + d);
            }
            vector[d] = (float) (sum / length);
          }
        }
      }
      if (normalize) {
        normalize(vector);
      }
    }
    return vectors;
  }

  private static void normalize(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    double length = Math.sqrt(squares);
    if (length > 0) {
      for (int d = 0; d < vector.length; d++) {
        vector[d] = (float) (vector[d] / length);
      }
    }
  }

  @Override
  public void close() {
    lifetime.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
      }
    } catch (OrtException e) {
      throw new ModelException(
          "closing the model failed: file=%s: %s".formatted(name, oneLine(e)), e);
    } finally {
      lifetime.writeLock().unlock();
    }
  }
}
