package dev.kith.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kith.core.testing.Seeded;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Agreement with HuggingFace's tokenizers, the reference, and what can go wrong with the files. */
@ExtendWith(Seeded.class)
class WordPieceTokenizerTest {
  private static Reference reference;
  private static List<String> texts;

  @BeforeAll
  static void open() {
    reference = new Reference(Reference.defaultJson());
    var folder = BeirFolder.open(TestFiles.wordnet());
    try (var corpus = folder.corpus();
        var queries = folder.queries()) {
      texts = Stream.concat(corpus, queries).map(BeirText::text).toList();
    }
  }

  @AfterAll
  static void close() {
    reference.close();
  }

  @Test
  void encode_bundledTexts_asReference() {
    assertThat(texts).hasSizeGreaterThan(4_000);
    assertThat(differences(reference, texts.stream())).isEmpty();
  }

  @Test
  void encode_tenThousandMutatedTexts_asReference(SplittableRandom random) {
    var mutated = Stream.generate(() -> TextMutations.mutate(random, texts)).limit(10_000);
    assertThat(differences(reference, mutated)).isEmpty();
  }

  /** Every code point of the planes that have characters; of the others all in a campaign alone. */
  @Test
  void encode_everyCodePoint_asReference() {
    var lines = new ArrayList<String>();
    for (int from = 0; from <= Character.MAX_CODE_POINT; from += 64) {
      int plane = from >> 16;
      if (plane > 3 && plane != 14 && from % (64 << 5) != 0 && Seeded.effort() == 1) {
        continue;
      }
      var line = new StringBuilder();
      for (int c = from; c < from + 64; c++) {
        line.append("la").appendCodePoint(c).append("te ").appendCodePoint(c).append(' ');
      }
      lines.add(line.toString());
    }
    assertThat(differences(reference, lines.stream())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, false, false",
    "true, true, false, false",
    "true, false, true, false",
    "false, true, true, true",
    "true, true, false, true",
    "true, true, null, false",
  })
  void encode_otherRules_asReference(
      String clean, String chinese, String strip, String lower, SplittableRandom random) {
    var json =
        Reference.defaultJson()
            .replaceFirst("\"clean_text\":\\s*\\w+", "\"clean_text\": " + clean)
            .replaceFirst(
                "\"handle_chinese_chars\":\\s*\\w+", "\"handle_chinese_chars\": " + chinese)
            .replaceFirst("\"strip_accents\":\\s*\\w+", "\"strip_accents\": " + strip)
            .replaceFirst("\"lowercase\":\\s*\\w+", "\"lowercase\": " + lower);
    assertThat(json).contains("\"clean_text\": " + clean, "\"strip_accents\": " + strip);
    try (var other = new Reference(json)) {
      var mutated = Stream.generate(() -> TextMutations.mutate(random, texts)).limit(2_000);
      assertThat(differences(other, mutated)).isEmpty();
    }
  }

  /** The first few differences. */
  private static String differences(Reference reference, Stream<String> texts) {
    return texts
        .map(reference::difference)
        .filter(Objects::nonNull)
        .limit(5)
        .collect(Collectors.joining("\n"));
  }

  /**
   * Compares both on files of your own, for example {@code -Dkith.campaign.texts=FOLDER:FOLDER}
   * with BEIR folders; prints how many texts were compared.
   */
  @Test
  void encode_campaignTexts_asReference() {
    var folders = System.getProperty("kith.campaign.texts");
    assumeTrue(
        folders != null, "a campaign: give -Dkith.campaign.texts=BEIR_FOLDER[:BEIR_FOLDER...]");
    for (var path : folders.split(":", -1)) {
      var folder = BeirFolder.open(Path.of(path));
      long count = 0;
      var differing = new ArrayList<String>();
      try (var corpus = folder.corpus();
          var queries = folder.queries()) {
        for (var text : (Iterable<BeirText>) Stream.concat(corpus, queries)::iterator) {
          count++;
          var difference = reference.difference(text.content());
          if (difference != null) {
            differing.add(text.id() + ": " + difference);
          }
        }
      }
      System.out.printf("%s: %d texts, %d differ%n", path, count, differing.size());
      assertThat(differing.stream().limit(5)).isEmpty();
    }
  }

  @Test
  void encode_emptyText_onlyTheEnds() {
    assertThat(reference.ours().encode("", 512)).containsExactly(101, 102);
    assertThat(reference.ours().encode(" \u200b\u0000", 512)).containsExactly(101, 102);
  }

  @Test
  void encode_longText_cutBeforeTheLastToken() {
    int[] whole = reference.ours().encode(texts.getFirst(), 512);
    int[] cut = reference.ours().encode(texts.getFirst(), 5);
    assertThat(cut).containsExactly(101, whole[1], whole[2], whole[3], 102);
    assertThat(reference.ours().encode(texts.getFirst(), whole.length)).isEqualTo(whole);
  }

  @Test
  void encode_wordCutByLimitThatIsUnknownAtItsEnd_unknown() {
    // "embedding" has several pieces, but the bell sign makes the word as a whole unknown.
    assertThat(reference.ours().encode("embedding\ud83d\udd14", 3)).containsExactly(101, 100, 102);
  }

  @Test
  void encode_unpairedSurrogate_asIfNotThere() {
    assertThat(reference.ours().encode("tem\ud800ple", 512))
        .isEqualTo(reference.ours().encode("temple", 512));
  }

  @Test
  void encode_wordLongerThanHundredCodePoints_unknown() {
    assertThat(reference.ours().encode("𝒂".repeat(101) + " temple", 512)).hasSize(4).contains(100);
    assertThat(reference.ours().encode("a".repeat(101), 512)).containsExactly(101, 100, 102);
    assertThat(reference.ours().encode("a".repeat(100), 512)).doesNotContain(100);
  }

  @Test
  void encode_lengthBelowTwo_rejected() {
    assertThatThrownBy(() -> reference.ours().encode("temple", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxLength must be at least 2: 1");
  }

  @Test
  void read_vocabularyFile_asJson(@TempDir Path folder) throws IOException {
    writeVocabulary(folder);
    var tokenizer = WordPieceTokenizer.read(folder);
    assertThat(tokenizer.size()).isEqualTo(reference.ours().size());
    for (var text : texts.subList(0, 200)) {
      assertThat(tokenizer.encode(text + " [MASK] Ünïcode", 512))
          .isEqualTo(reference.ours().encode(text + " [MASK] Ünïcode", 512));
    }
  }

  @Test
  void read_vocabularyOfCasedModel_keepsCase(@TempDir Path folder) throws IOException {
    writeVocabulary(folder);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"do_lower_case\": false}");
    assertThat(WordPieceTokenizer.read(folder).encode("Temple", 512))
        .containsExactly(101, 100, 102);
  }

  private static void writeVocabulary(Path folder) throws IOException {
    var vocabulary =
        new ObjectMapper()
            .readTree(Reference.defaultJson()).path("model").path("vocab").properties().stream()
                .sorted(Comparator.comparingInt(e -> e.getValue().asInt()))
                .map(Map.Entry::getKey)
                .toList();
    Files.write(folder.resolve("vocab.txt"), vocabulary);
  }

  @Test
  void read_emptyFolder_saysWhatIsMissing(@TempDir Path folder) {
    assertThatThrownBy(() -> WordPieceTokenizer.read(folder))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "a model folder holds tokenizer.json or vocab.txt: folder=%s has neither", folder);
  }

  @Test
  void fromJson_notBert_saysWhatWasFound() {
    assertThatThrownBy(() -> fromJson("{\"model\": {\"type\": \"BPE\"}}"))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "only BERT tokenizers are known here: file=t.json, model=BPE, expected WordPiece;"
                + " choose a model of the BERT family");
  }

  @Test
  void fromJson_noCls_saysSo() {
    var json = Reference.defaultJson().replace("\"[CLS]\"", "\"[cls]\"");
    assertThatThrownBy(() -> fromJson(json))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "a BERT vocabulary holds [CLS]: file=t.json; use the tokenizer that belongs to the"
                + " model");
  }

  @Test
  void fromJson_cutOff_saysLine() {
    assertThatThrownBy(() -> fromJson("{\"model\": {\n\"type\": "))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("not JSON: file=t.json, line=2: ")
        .hasMessageEndingWith("; fetch the model again");
  }

  /** A small tokenizer, each part of which a test may replace. */
  private static String small(String part, String bad) {
    var json =
        """
        {"added_tokens": [{"content": "[CLS]", "id": 1}],
         "normalizer": {"type": "BertNormalizer"},
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "model": {"type": "WordPiece", "max_input_chars_per_word": 100,
                   "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3}}}
        """;
    assertThat(json).contains(part);
    return json.replace(part, bad);
  }

  @Test
  void fromJson_smallest_isRead() throws IOException {
    assertThat(fromJson(small("\"a\"", "\"a\"")).encode("a b", 9)).containsExactly(1, 3, 0, 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "a": 3  | "a": -3           | the id of a must be an integer of 0 to 2147483647: file=t.json, found=-3; fetch the model again
          "a": 3  | "a": "3"          | the id of a must be an integer of 0 to 2147483647: file=t.json, found="3"; fetch the model again
          "a": 3  | "a": 2.5          | the id of a must be an integer of 0 to 2147483647: file=t.json, found=2.5; fetch the model again
          "a": 3  | "a": 4294967296   | the id of a must be an integer of 0 to 2147483647: file=t.json, found=4294967296; fetch the model again
          "a": 3  | "a\\nb": null     | the id of a b must be an integer of 0 to 2147483647: file=t.json, found=null; fetch the model again
          "id": 1 | "id": -1          | the id of [CLS] must be an integer of 0 to 2147483647: file=t.json, found=-1; fetch the model again
          "id": 1 | "ids": 1          | the id of [CLS] must be an integer of 0 to 2147483647: file=t.json, found=nothing; fetch the model again
          word": 100 | word": -5      | max_input_chars_per_word must be an integer of 1 to 10000: file=t.json, found=-5; fetch the model again
          word": 100 | word": 2000000000 | max_input_chars_per_word must be an integer of 1 to 10000: file=t.json, found=2000000000; fetch the model again
          "content": "[CLS]" | "content": "" | an added token must have a content: file=t.json, token={"content":"","id":1}; fetch the model again
          "vocab": { | "words": {     | a BERT vocabulary holds [UNK]: file=t.json; use the tokenizer that belongs to the model
          """)
  void fromJson_partThatIsNone_saysWhich(String part, String bad, String message) {
    assertThatThrownBy(() -> fromJson(small(part, bad)))
        .isInstanceOf(ModelException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "null", "[]", "7", "\"WordPiece\"", "{\"model\": []}", "{}"})
  void fromJson_otherJson_saysWhatWasExpected(String json) {
    assertThatThrownBy(() -> fromJson(json))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "only BERT tokenizers are known here: file=t.json, model=none, expected WordPiece;"
                + " choose a model of the BERT family");
  }

  @Test
  @Timeout(60)
  void fromJson_deepOrLong_isRefusedInOneLine() {
    for (var json :
        new String[] {
          "[".repeat(1_000_000), "{\"a\":".repeat(100_000), "9".repeat(100_000), "\u0000".repeat(9)
        }) {
      assertThatThrownBy(() -> fromJson(json))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("not JSON: file=t.json")
          .hasMessageEndingWith("; fetch the model again")
          .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).hasSizeLessThan(400));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.json", "vocab.txt"})
  void read_hugeFile_isNotRead(String name, @TempDir Path folder) throws IOException {
    var file = folder.resolve(name);
    try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    assertThatThrownBy(() -> WordPieceTokenizer.read(folder))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "a file of a tokenizer has at most 268435456 bytes: file=%s, bytes=1099511627776; fetch"
                + " the model again",
            file);
  }

  /** A tokenizer that cannot be read is not silently replaced by another file beside it. */
  @Test
  void read_linkThatLeadsNowhere_saysSo(@TempDir Path folder) throws IOException {
    writeVocabulary(folder);
    var link = folder.resolve("tokenizer.json");
    for (var target : new String[] {"tokenizer.json", "absent.json"}) {
      Files.createSymbolicLink(link, Path.of(target));
      assertThatThrownBy(() -> WordPieceTokenizer.read(folder))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("cannot read the tokenizer in folder=" + folder + ": ")
          .hasMessageContaining(link.toString());
      Files.delete(link);
    }
    Files.createDirectory(link);
    assertThatThrownBy(() -> WordPieceTokenizer.read(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("cannot read the tokenizer in folder=" + folder + ": ");
  }

  @Test
  void read_vocabularyThatIsNone_saysSo(@TempDir Path folder) throws IOException {
    var file = Files.write(folder.resolve("vocab.txt"), new byte[] {(byte) 0xff, (byte) 0xfe, 10});
    assertThatThrownBy(() -> WordPieceTokenizer.read(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("cannot read the tokenizer in folder=" + folder + ": ");
    Files.writeString(file, "");
    assertThatThrownBy(() -> WordPieceTokenizer.read(folder))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("a BERT vocabulary holds [UNK]: file=" + file);
  }

  /** The number of a piece is that of its line, whatever stands before it. */
  @Test
  void read_lineThatStandsThereTwice_movesNoOther(@TempDir Path folder) throws IOException {
    Files.write(
        folder.resolve("vocab.txt"), List.of("[UNK]", "[CLS]", "x", "x", "[SEP]", "a", "b"));
    assertThat(WordPieceTokenizer.read(folder).encode("a b x", 9)).containsExactly(1, 5, 6, 3, 4);
  }

  private static WordPieceTokenizer fromJson(String json) throws IOException {
    return WordPieceTokenizer.fromJson(
        new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "t.json");
  }
}
