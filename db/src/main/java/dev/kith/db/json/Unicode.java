package dev.kith.db.json;

import java.util.HexFormat;

/** What strings of Java may hold that is no Unicode: half a surrogate, which UTF-8 cannot write. */
public final class Unicode {
  private static final HexFormat HEX = HexFormat.of();

  private Unicode() {}

  /** Where the first half of a surrogate stands alone, or -1 if the text is Unicode. */
  public static int halfSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return i;
        }
        i++;
      }
    }
    return -1;
  }

  /** A character as an escape, such as {@code \\ud83d}. */
  public static String escaped(char c) {
    return "\\u" + HEX.toHexDigits(c);
  }

  /** The text on one line that any terminal can show: control characters and halves are escaped. */
  public static String shown(String text) {
    var shown = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              boolean bare =
                  Character.isISOControl(c)
                      || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)
                      || c == 0x2028
                      || c == 0x2029;
              if (bare) {
                shown.append(escaped((char) c));
              } else {
                shown.appendCodePoint(c);
              }
            });
    return shown.toString();
  }
}
