package dev.kith.embed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a text into the word pieces of a BERT vocabulary, exactly as HuggingFace's tokenizers does:
 * clean, separate Chinese characters, decompose and strip accents, lower-case, split at spaces and
 * punctuation, then take the longest piece of the vocabulary again and again; a word that cannot be
 * composed, or is too long, is one {@code [UNK]}.
 *
 * <p>An unpaired surrogate counts as U+FFFD, which cleaning removes. Safe for many threads.
 */
public final class WordPieceTokenizer {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String CLS = "[CLS]";
  private static final String SEP = "[SEP]";

  /** Most bytes of a file; the largest of the BERT family have some ten million. */
  private static final long LARGEST_FILE = 1 << 28;

  private static final int LONGEST_WORD = 10_000;

  /** Rules for cleaning a text before it is split. */
  private record Rules(
      boolean clean,
      boolean separateChinese,
      boolean stripAccents,
      boolean lowercase,
      String unknown,
      String continuation,
      int longestWord) {
    static Rules bert(boolean lowercase) {
      return new Rules(true, true, lowercase, lowercase, "[UNK]", "##", 100);
    }
  }

  private final Rules rules;
  private final PieceTrie pieces = new PieceTrie();
  private final Map<String, Integer> specials;
  private final int size;
  private final int unknown;
  private final int first;
  private final int last;

  private WordPieceTokenizer(
      String name, Rules rules, Map<String, Integer> vocabulary, Map<String, Integer> specials) {
    this.rules = rules;
    this.specials = specials;
    this.size = vocabulary.size();
    this.unknown = require(name, vocabulary, rules.unknown);
    this.first = require(name, vocabulary, CLS);
    this.last = require(name, vocabulary, SEP);
    vocabulary.forEach(
        (piece, id) -> {
          if (piece.startsWith(rules.continuation)) {
            pieces.add(PieceTrie.CONTINUE, piece.substring(rules.continuation.length()), id);
          } else {
            pieces.add(PieceTrie.BEGIN, piece, id);
          }
        });
  }

  private static int require(String name, Map<String, Integer> vocabulary, String piece) {
    var id = vocabulary.get(piece);
    if (id == null) {
      throw new ModelException(
          "a BERT vocabulary holds %s: file=%s; use the tokenizer that belongs to the model"
              .formatted(piece, name));
    }
    return id;
  }

  /**
   * Reads {@code tokenizer.json} of a model folder, or else {@code vocab.txt} (lower-casing unless
   * {@code tokenizer_config.json} beside it says {@code "do_lower_case": false}).
   *
   * @throws ModelException if neither is there, or it is not a BERT tokenizer
   */
  public static WordPieceTokenizer read(Path folder) {
    var json = folder.resolve("tokenizer.json");
    var vocabulary = folder.resolve("vocab.txt");
    try {
      if (isThere(json)) {
        requireSize(json);
        try (var in = Files.newInputStream(json)) {
          return fromJson(in, json.toString());
        }
      }
      if (isThere(vocabulary)) {
        requireSize(vocabulary);
        return fromVocabulary(vocabulary, folder.resolve("tokenizer_config.json"));
      }
    } catch (IOException e) {
      throw new ModelException(
          "cannot read the tokenizer in folder=%s: %s".formatted(folder, e), e);
    }
    throw new ModelException(
        "a model folder holds tokenizer.json or vocab.txt: folder=%s has neither"
            .formatted(folder));
  }

  /**
   * Whether a file is there, even as a symbolic link that leads nowhere, which must not be passed
   * over.
   */
  private static boolean isThere(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static void requireSize(Path file) throws IOException {
    long size = Files.size(file);
    if (size > LARGEST_FILE) {
      throw new ModelException(
          "a file of a tokenizer has at most %d bytes: file=%s, bytes=%d; fetch the model again"
              .formatted(LARGEST_FILE, file, size));
    }
  }

  /**
   * Reads the {@code tokenizer.json} format of HuggingFace.
   *
   * @param name name of where it came from, for messages
   * @throws ModelException if it is not a BERT tokenizer
   */
  public static WordPieceTokenizer fromJson(InputStream in, String name) throws IOException {
    var root = parse(in, name);
    var model = root.path("model");
    requireType(name, "model", model, "WordPiece");
    requireType(name, "normalizer", root.path("normalizer"), "BertNormalizer");
    requireType(name, "pre_tokenizer", root.path("pre_tokenizer"), "BertPreTokenizer");

    var normalizer = root.path("normalizer");
    boolean lowercase = normalizer.path("lowercase").asBoolean(true);
    var rules =
        new Rules(
            normalizer.path("clean_text").asBoolean(true),
            normalizer.path("handle_chinese_chars").asBoolean(true),
            normalizer.path("strip_accents").asBoolean(lowercase),
            lowercase,
            model.path("unk_token").asText("[UNK]"),
            model.path("continuing_subword_prefix").asText("##"),
            number(
                name,
                "max_input_chars_per_word",
                model.path("max_input_chars_per_word"),
                100,
                1,
                LONGEST_WORD));

    var vocabulary = new LinkedHashMap<String, Integer>();
    model
        .path("vocab")
        .properties()
        .forEach(e -> vocabulary.put(e.getKey(), id(name, e.getKey(), e.getValue())));
    var specials = new LinkedHashMap<String, Integer>();
    for (var token : root.path("added_tokens")) {
      var content = token.path("content").asText();
      if (token.path("normalized").asBoolean() || token.path("single_word").asBoolean()) {
        throw new ModelException(
            "added tokens that are normalized or single words are not known here: file=%s, token=%s"
                .formatted(name, content));
      }
      if (content.isEmpty()) {
        throw new ModelException(
            "an added token must have a content: file=%s, token=%s; fetch the model again"
                .formatted(name, shown(token.toString())));
      }
      int id = id(name, content, token.path("id"));
      specials.put(content, id);
      vocabulary.putIfAbsent(content, id);
    }
    return new WordPieceTokenizer(name, rules, vocabulary, specials);
  }

  private static int id(String name, String piece, JsonNode node) {
    if (node.isMissingNode()) {
      throw notANumber(name, "the id of " + shown(piece), node, 0, Integer.MAX_VALUE);
    }
    return number(name, "the id of " + shown(piece), node, 0, 0, Integer.MAX_VALUE);
  }

  private static int number(
      String name, String what, JsonNode node, int absent, int least, int most) {
    if (node.isMissingNode()) {
      return absent;
    }
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.intValue() < least
        || node.intValue() > most) {
      throw notANumber(name, what, node, least, most);
    }
    return node.intValue();
  }

  private static ModelException notANumber(
      String name, String what, JsonNode node, int least, int most) {
    return new ModelException(
        "%s must be an integer of %d to %d: file=%s, found=%s; fetch the model again"
            .formatted(
                what,
                least,
                most,
                name,
                node.isMissingNode() ? "nothing" : shown(node.toString())));
  }

  /** Shows a text in one short line. */
  private static String shown(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.length() > 100 ? line.substring(0, 100) + "..." : line;
  }

  private static JsonNode parse(InputStream in, String name) throws IOException {
    try {
      return JSON.readTree(in);
    } catch (JsonProcessingException e) {
      var place = e.getLocation(); // none where a limit is passed
      throw new ModelException(
          "not JSON: file=%s%s: %s; fetch the model again"
              .formatted(
                  name, place == null ? "" : ", line=" + place.getLineNr(), e.getOriginalMessage()),
          e);
    }
  }

  private static void requireType(String name, String part, JsonNode node, String expected) {
    var found = node.path("type").asText("none");
    if (!found.equals(expected)) {
      throw new ModelException(
          "only BERT tokenizers are known here: file=%s, %s=%s, expected %s; choose a model of the BERT family"
              .formatted(name, part, found, expected));
    }
  }

  private static WordPieceTokenizer fromVocabulary(Path file, Path config) throws IOException {
    boolean lowercase = true;
    if (isThere(config)) {
      requireSize(config);
      try (var in = Files.newInputStream(config)) {
        lowercase = parse(in, config.toString()).path("do_lower_case").asBoolean(true);
      }
    }
    var vocabulary = new LinkedHashMap<String, Integer>();
    int id = 0;
    for (var line : Files.readAllLines(file)) {
      vocabulary.put(line, id++); // a line that stands there twice counts twice
    }
    var specials = new LinkedHashMap<String, Integer>(vocabulary);
    specials.keySet().retainAll(Arrays.asList("[PAD]", "[UNK]", CLS, SEP, "[MASK]"));
    return new WordPieceTokenizer(file.toString(), Rules.bert(lowercase), vocabulary, specials);
  }

  /** Number of pieces in the vocabulary. */
  public int size() {
    return size;
  }

  /**
   * Numbers of the text's pieces between {@code [CLS]} and {@code [SEP]}; pieces that do not fit
   * are cut off at the end.
   *
   * @param maxLength most numbers to return, both ends included; at least 2
   */
  public int[] encode(String text, int maxLength) {
    if (maxLength < 2) {
      throw new IllegalArgumentException("maxLength must be at least 2: " + maxLength);
    }
    return new Encoding(maxLength).of(text);
  }

  /** One text on its way through the tokenizer. */
  private final class Encoding {
    private final int limit; // pieces that fit, [SEP] not counted
    private int[] ids = new int[64];
    private int count;
    private final char[] word = new char[2 * rules.longestWord];
    private int wordChars;
    private int wordLength; // code points, also those that no longer fit into word

    Encoding(int maxLength) {
      this.limit = maxLength - 1;
    }

    int[] of(String text) {
      add(first);
      int at = 0;
      while (at < text.length() && count < limit) {
        var special = nextSpecial(text, at);
        int end = special == null ? text.length() : special.start;
        split(normalize(text, at, end));
        if (special != null) {
          add(special.id);
          end += special.length;
        }
        at = end;
      }
      count = Math.min(count, limit);
      add(last);
      return Arrays.copyOf(ids, count);
    }

    private void add(int id) {
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = id;
    }

    private void split(CharSequence text) {
      for (int i = 0; i < text.length() && count < limit; ) {
        int c = Character.codePointAt(text, i);
        i += Character.charCount(c);
        if (rules.stripAccents && BertCharacters.isAccent(c)) {
          continue;
        }
        if (BertCharacters.isSpace(c)) {
          endWord();
        } else if (BertCharacters.isPunctuation(c)) {
          endWord();
          addToWord(c);
          endWord();
        } else if (!rules.lowercase) {
          addToWord(c);
        } else if (c == 'İ') { // the one character whose lower case is two
          addToWord('i');
          addToWord('\u0307');
        } else {
          addToWord(Character.toLowerCase(c));
        }
      }
      endWord();
    }

    private void addToWord(int c) {
      if (wordLength++ < rules.longestWord) {
        wordChars += Character.toChars(c, word, wordChars);
      }
    }

    private void endWord() {
      if (wordLength > rules.longestWord) {
        add(unknown);
      } else if (wordLength > 0) {
        addPieces();
      }
      wordChars = 0;
      wordLength = 0;
    }

    private void addPieces() {
      int before = count;
      int root = PieceTrie.BEGIN;
      for (int at = 0; at < wordChars; root = PieceTrie.CONTINUE) {
        long piece = pieces.longest(root, word, at, wordChars);
        if (piece == PieceTrie.NONE) {
          count = before;
          add(unknown);
          return;
        }
        add(PieceTrie.id(piece));
        at = PieceTrie.end(piece);
      }
    }
  }

  /** A special token standing in a text as it is, such as {@code [MASK]}. */
  private record Special(int start, int length, int id) {}

  /** First special token at or after {@code from}; the longest one, if several start there. */
  private @Nullable Special nextSpecial(String text, int from) {
    Special next = null;
    for (var special : specials.entrySet()) {
      int start = text.indexOf(special.getKey(), from);
      int length = special.getKey().length();
      if (start >= 0
          && (next == null
              || start < next.start
              || (start == next.start && length > next.length))) {
        next = new Special(start, length, special.getValue());
      }
    }
    return next;
  }

  /**
   * Cleans and decomposes a text, with Chinese characters separated; accents and upper case stay.
   */
  private CharSequence normalize(String text, int from, int to) {
    var cleaned = new StringBuilder(to - from + 16);
    for (int i = from; i < to; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
        c = 0xfffd;
      }
      if (rules.clean && BertCharacters.isDropped(c)) {
        continue;
      }
      if (rules.separateChinese && BertCharacters.isChinese(c)) {
        cleaned.append(' ').appendCodePoint(c).append(' ');
      } else {
        cleaned.appendCodePoint(c);
      }
    }
    return rules.stripAccents ? Normalizer.normalize(cleaned, Normalizer.Form.NFD) : cleaned;
  }
}
