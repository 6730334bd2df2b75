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
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @Test
  void encode_everyCodePoint_asReference() {
    var lines = new ArrayList<String>();
    for (int from = 0; from <= Character.MAX_CODE_POINT; from += 64) {
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
   * The same on files of your own, for example {@code -Dkith.campaign.texts=FOLDER:FOLDER} with
   * BEIR folders; prints how many texts were compared.
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

  private static WordPieceTokenizer fromJson(String json) throws IOException {
    return WordPieceTokenizer.fromJson(
        new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "t.json");
  }
}
