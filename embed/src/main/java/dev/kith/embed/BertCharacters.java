package dev.kith.embed;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.BitSet;

/**
 * Character classes as BERT's tokenizers know them. They come from a table and not from {@link
 * Character#getType(int)}: a model's tokens must not change with the JDK's Unicode version.
 */
final class BertCharacters {
  private static final BitSet DROPPED = new BitSet();
  private static final BitSet ACCENT = new BitSet();
  private static final BitSet PUNCTUATION = new BitSet();

  static {
    try (var in = BertCharacters.class.getResourceAsStream("bert-characters.txt")) {
      var target = DROPPED;
      for (var line : new String(in.readAllBytes(), US_ASCII).lines().toList()) {
        switch (line) {
          case "dropped:" -> target = DROPPED;
          case "accent:" -> target = ACCENT;
          case "punctuation:" -> target = PUNCTUATION;
          default -> {
            if (!line.startsWith("#")) {
              addRanges(line, target);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private BertCharacters() {}

  private static void addRanges(String line, BitSet target) {
    for (var range : line.split(" ", -1)) {
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
      int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1), 16);
      target.set(first, last + 1);
    }
  }

  /** Whether cleaning removes a character: control, format and private ones and U+FFFD. */
  static boolean isDropped(int c) {
    return DROPPED.get(c);
  }

  /**
   * Whether a character is a mark that is removed, after decomposition, where accents are stripped.
   */
  static boolean isAccent(int c) {
    return ACCENT.get(c);
  }

  /** Whether a character is a word of its own. */
  static boolean isPunctuation(int c) {
    return PUNCTUATION.get(c);
  }

  /** Whether a character has Unicode's White_Space property. */
  static boolean isSpace(int c) {
    return c == ' '
        || (c >= 0x09 && c <= 0x0d)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /**
   * Whether a character lies in the blocks of Chinese characters, as the reference has them: it
   * leaves out 2B820 to 2B91F.
   */
  static boolean isChinese(int c) {
    return c >= 0x3400
        && (c <= 0x4dbf
            || (c >= 0x4e00 && c <= 0x9fff)
            || (c >= 0xf900 && c <= 0xfaff)
            || (c >= 0x20000 && c <= 0x2a6df)
            || (c >= 0x2a700 && c <= 0x2b81f)
            || (c >= 0x2b920 && c <= 0x2ceaf)
            || (c >= 0x2f800 && c <= 0x2fa1f));
  }
}
