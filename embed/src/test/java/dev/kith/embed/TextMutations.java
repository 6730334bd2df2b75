package dev.kith.embed;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** Makes texts as they come from the wild out of clean ones, by seed. */
final class TextMutations {
  private static final String[] ODD = {
    "\u0000",
    "\u0001",
    "\t",
    "\r\n",
    "\u000b",
    "\u000c",
    "\u007f",
    "\u0085",
    "\u00a0",
    "\u00ad",
    "\u200b",
    "\u200d",
    "\u2028",
    "\u202e",
    "\u3000",
    "\ufeff",
    "\ufffd",
    "\ue000",
    "\u0300",
    "\u0301\u0327",
    "e\u0301",
    "\u0345",
    "\u20dd",
    "\u302e",
    "é",
    "Å",
    "İ",
    "ı",
    "ß",
    "ẞ",
    "ς",
    "Σ",
    "ΐ",
    "ﬁ",
    "ｆｕｌｌ",
    "①",
    "½",
    "漢字",
    "日本語テキスト",
    "ﾊﾝｶｸ",
    "한국어",
    "각",
    "\u1100\u1161",
    "豈",
    "𠀀",
    "𫠠",
    "😀",
    "👩‍👩‍👧‍👦",
    "🇫🇷",
    "👍🏽",
    "𝔘𝔫𝔦",
    "नमस्ते",
    "ไทย",
    "العربية",
    "עִבְרִית",
    "Ѐ",
    "\ud800",
    "\udc00",
    "\udc00\ud800",
    "[MASK]",
    "[SEP]",
    "[CLS][PAD]",
    "[UNK]",
    "[mask]",
    "[ MASK ]",
    "##ing",
    "#",
    "...",
    "—",
    "“quoted”",
    "«»",
    "^`$+<=>|~",
    "don't",
    "U.S.A.",
    "3.14",
    "#!",
    "supercalifragilisticexpialidocious",
    "ǅ",
    "\u1e9b\u0323",
    "\u212b",
    "\u2126",
    "\u03d2\u0301"
  };

  private TextMutations() {}

  static String mutate(SplittableRandom random, List<String> texts) {
    var text = new StringBuilder(texts.get(random.nextInt(texts.size())));
    int changes = 1 + random.nextInt(8);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(text.length() + 1);
      switch (random.nextInt(8)) {
        case 0 -> text.insert(at, Character.toChars(random.nextInt(0x110000)));
        case 1 -> text.insert(at, Character.toChars(random.nextInt(0x3000)));
        case 2 -> text.insert(at, (char) ('a' + random.nextInt(26)));
        case 3 -> text.delete(at, Math.min(text.length(), at + random.nextInt(4)));
        case 4 -> text.insert(at, "x".repeat(random.nextInt(220)));
        case 5 -> text.insert(at, (char) (0x300 + random.nextInt(0x70)));
        case 6 -> text.replace(at, text.length(), text.substring(at).toUpperCase(Locale.ROOT));
        default -> text.insert(at, ODD[random.nextInt(ODD.length)]);
      }
    }
    return text.toString();
  }
}
