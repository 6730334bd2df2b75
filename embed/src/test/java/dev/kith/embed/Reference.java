package dev.kith.embed;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** HuggingFace's own tokenizer beside ours, both made from the same {@code tokenizer.json}. */
final class Reference implements AutoCloseable {
  private final HuggingFaceTokenizer theirs;
  private final WordPieceTokenizer ours;

  Reference(String json) {
    try {
      var bytes = json.getBytes(StandardCharsets.UTF_8);
      this.theirs =
          HuggingFaceTokenizer.builder()
              .optTokenizerPath(TestFiles.write("tokenizer.json", json))
              .optTruncation(false)
              .optPadding(false)
              .build();
      this.ours = WordPieceTokenizer.fromJson(new ByteArrayInputStream(bytes), "tokenizer.json");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tokenizer of the default model, as JSON. */
  static String defaultJson() {
    try (var in = TestFiles.ofDefaultModel(ModelCatalog.Entry::tokenizerFile).openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  WordPieceTokenizer ours() {
    return ours;
  }

  /** Pieces that both make of the text if they differ, null if they agree. */
  @Nullable String difference(String text) {
    var expected = theirs.encode(wellFormed(text)).getIds();
    var found = ours.encode(text, Integer.MAX_VALUE);
    return Arrays.equals(expected, Arrays.stream(found).asLongStream().toArray())
        ? null
        : "text=%s expected=%s found=%s"
            .formatted(escape(text), Arrays.toString(expected), Arrays.toString(found));
  }

  /** Unpaired surrogates cannot be passed on as UTF-8; U+FFFD stands for them. */
  private static String wellFormed(String text) {
    return text.codePoints()
        .map(c -> c >= 0xd800 && c <= 0xdfff ? 0xfffd : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static String escape(String text) {
    var escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c >= ' ' && c <= '~') {
                escaped.append((char) c);
              } else {
                escaped.append("\\u{%x}".formatted(c));
              }
            });
    return escaped.toString();
  }

  @Override
  public void close() {
    theirs.close();
  }
}
