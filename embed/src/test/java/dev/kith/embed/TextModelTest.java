package dev.kith.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.embed.TextModel.Options;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextModelTest {
  private static TextModel model;
  private static List<String> texts;

  @BeforeAll
  static void load() {
    model = TextModel.load(ModelCatalog.DEFAULT);
    try (var corpus = BeirFolder.open(TestFiles.wordnet()).corpus()) {
      texts = corpus.limit(150).map(BeirText::text).toList();
    }
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @Test
  void load_onAGpuWithoutTheProvider_saysWhatToDo() {
    var reason = TextModel.Device.CUDA.unavailable();
    assumeTrue(reason != null, "this ONNX Runtime has the CUDA provider");
    assertThat(reason)
        .isEqualTo(
            "ONNX Runtime here has no CUDA provider; put"
                + " com.microsoft.onnxruntime:onnxruntime_gpu in the place of onnxruntime");
    var options = TextModel.Options.DEFAULT.withDevice(TextModel.Device.CUDA);
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> TextModel.load(ModelCatalog.DEFAULT, options))
        .withMessageStartingWith("the model cannot run there: file=")
        .withMessageEndingWith(": " + reason);
    assertThat(TextModel.Device.CPU.unavailable()).isNull();
  }

  @Test
  void embed_meaning_nearerThanOtherMeaning() {
    var question = model.embed("iconic archaeological landmark");
    var temple = model.embed("Parthenon: the main temple of the goddess Athena in Athens");
    var insect = model.embed("flea: any wingless bloodsucking parasitic insect");
    assertThat(dot(question, temple)).isGreaterThan(dot(question, insect) + 0.05);
  }

  @Test
  void embed_default_lengthOne() {
    assertThat(model.dimension()).isEqualTo(384);
    var vector = model.embed(texts.getFirst());
    assertThat(vector).hasSize(384);
    assertThat(dot(vector, vector)).isCloseTo(1, within(1e-6));
  }

  @Test
  void embed_emptyText_stillAVector() {
    assertThat(dot(model.embed(""), model.embed(""))).isCloseTo(1, within(1e-6));
  }

  @Test
  void embed_manyTexts_inInputOrderAsAlone() {
    var counted = new AtomicLong();
    try (var vectors = model.embed(texts, counted::set)) {
      assertThat(vectors.size()).isEqualTo(texts.size());
      for (int i = 0; i < texts.size(); i += 7) {
        // The quantized model rounds by the largest value of its batch, so not to the last bit.
        assertThat(dot(vectors.row(i), model.embed(texts.get(i)))).isGreaterThan(0.97);
      }
    }
    assertThat(counted).hasValue(texts.size());
  }

  @Test
  void embed_interrupted_endsAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> model.embed(texts))
        .isInstanceOf(ModelException.class)
        .hasMessage("embedding was interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void embed_twiceAndOnOtherThreads_sameBits() {
    var some = texts.subList(0, 60);
    try (var one = TextModel.load(ModelCatalog.DEFAULT, Options.DEFAULT.withThreads(1));
        var first = model.embed(some);
        var second = one.embed(some)) {
      for (int i = 0; i < some.size(); i++) {
        assertThat(second.row(i)).isEqualTo(first.row(i));
      }
    }
  }

  @Test
  void embed_streamed_sameAsList() {
    var some = texts.subList(0, 40);
    var streamed = new ArrayList<float[]>();
    model.embed(some.iterator(), streamed::add, done -> {});
    try (var expected = model.embed(some)) {
      for (int i = 0; i < some.size(); i++) {
        assertThat(streamed.get(i)).isEqualTo(expected.row(i));
      }
    }
  }

  @Test
  void embed_noTexts_rejected() {
    assertThatThrownBy(() -> model.embed(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no texts to embed: give at least one");
  }

  @Test
  void embed_moreTokensThanPositions_saysWhatToLower() {
    var options = Options.DEFAULT.withMaxLength(600).withThreads(1);
    try (var longer = TextModel.load(ModelCatalog.DEFAULT, options)) {
      assertThatThrownBy(() -> longer.embed("temple ".repeat(700)))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("the model failed on a batch of 1 texts of up to 600 tokens: ")
          .hasMessageEndingWith("(does it have that many positions? lower the maximum length)");
    }
  }

  @Test
  void open_ownFolder_asTheSameModelByName(@TempDir Path folder) throws IOException {
    writeModel(folder);
    try (var own = TextModel.open(folder, Options.DEFAULT.withPooling(Pooling.CLS))) {
      assertThat(own.name()).isEqualTo(folder.getFileName().toString());
      assertThat(own.embed("temple")).isEqualTo(model.embed("temple"));
    }
  }

  @Test
  void open_meanPoolingNotNormalized_isTheMeanOfTokenVectors(@TempDir Path folder)
      throws IOException {
    writeModel(folder);
    var options = Options.DEFAULT.withNormalize(false);
    try (var mean = TextModel.open(folder, options.withPooling(Pooling.MEAN));
        var cls = TextModel.open(folder, options.withPooling(Pooling.CLS))) {
      var a = mean.embed("temple");
      var b = cls.embed("temple");
      assertThat(a).isNotEqualTo(b);
      assertThat(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).isBetween(0.5, 0.9999);
      assertThat(dot(b, b)).isGreaterThan(2);
    }
  }

  private static void writeModel(Path folder) throws IOException {
    try (var model = TestFiles.ofDefaultModel(ModelCatalog.Entry::modelFile).openStream();
        var tokenizer = TestFiles.ofDefaultModel(ModelCatalog.Entry::tokenizerFile).openStream()) {
      Files.copy(model, folder.resolve("model.onnx"));
      Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    }
  }

  @Test
  void open_emptyFolder_saysWhatIsMissing(@TempDir Path folder) {
    assertThatThrownBy(() -> TextModel.open(folder, Options.DEFAULT.withPooling(Pooling.CLS)))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "a model folder holds model.onnx and tokenizer.json (or vocab.txt): no file %s",
            folder.resolve("model.onnx"));
  }

  @Test
  void open_noPooling_saysSo(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("model.onnx"), "");
    assertThatThrownBy(() -> TextModel.open(folder, Options.DEFAULT))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "say how this model pools: folder=%s; CLS for bge, MEAN for MiniLM, gte and e5",
            folder);
  }

  @Test
  void open_damagedModel_saysFile(@TempDir Path folder) throws IOException {
    writeModel(folder);
    Files.writeString(folder.resolve("model.onnx"), "not a model");
    assertThatThrownBy(() -> TextModel.open(folder, Options.DEFAULT.withPooling(Pooling.CLS)))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith(
            "ONNX Runtime cannot load the model: file=%s: ", folder.resolve("model.onnx"));
  }

  @Test
  void open_modelOfOtherBytes_isRefusedInOneLine(@TempDir Path folder) throws IOException {
    writeModel(folder);
    var file = folder.resolve("model.onnx");
    var whole = Files.readAllBytes(file);
    var options = Options.DEFAULT.withPooling(Pooling.CLS);
    for (var bytes :
        List.of(
            new byte[0],
            new byte[100],
            Arrays.copyOf(whole, 1000),
            Arrays.copyOf(whole, whole.length / 2),
            Arrays.copyOfRange(whole, 1, whole.length))) {
      Files.write(file, bytes);
      assertThatThrownBy(() -> TextModel.open(folder, options))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("ONNX Runtime cannot load the model: file=%s: ", file)
          .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("model.onnx"));
    assertThatThrownBy(() -> TextModel.open(folder, options))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "a model folder holds model.onnx and tokenizer.json (or vocab.txt): no file %s", file);
  }

  @Test
  void embed_afterClose_saysSo() {
    var closed = TextModel.load(ModelCatalog.DEFAULT, Options.DEFAULT.withThreads(1));
    closed.close();
    closed.close();
    assertThatThrownBy(() -> closed.embed("temple"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the model is closed: ");
    assertThatThrownBy(() -> closed.embed(List.of("temple")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the model is closed: ");
  }

  @Test
  void options_badNumbers_rejected() {
    assertThatThrownBy(() -> Options.DEFAULT.withMaxLength(1))
        .hasMessage("maxLength must be at least 2 tokens: 1");
    assertThatThrownBy(() -> Options.DEFAULT.withThreads(0))
        .hasMessage("threads must be at least 1: 0");
  }
}
