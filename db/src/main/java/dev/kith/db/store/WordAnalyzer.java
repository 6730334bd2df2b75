package dev.kith.db.store;

import java.io.IOException;
import java.text.Normalizer;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.jspecify.annotations.Nullable;

/**
 * Makes text into words: Unicode's word boundaries (UAX #29), lower case, in the form NFKC and with
 * plain apostrophes, so that one word is one word however it is typed; no stop words.
 *
 * <p>Points that were written before there was this class have words in lower case alone. So words
 * that are looked for come in both forms, the other one at the position of the first; where both
 * are equal, as in most text, there is one.
 */
final class WordAnalyzer extends Analyzer {
  private final boolean bothForms;

  /**
   * For points, or for what is looked for.
   *
   * @param bothForms whether a word also comes in lower case alone, where that is another
   */
  WordAnalyzer(boolean bothForms) {
    this.bothForms = bothForms;
  }

  @Override
  protected TokenStreamComponents createComponents(String field) {
    var source = new StandardTokenizer();
    return new TokenStreamComponents(source, new Forms(new LowerCaseFilter(source), bothForms));
  }

  private static final class Forms extends TokenFilter {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final PositionIncrementAttribute step = addAttribute(PositionIncrementAttribute.class);
    private final boolean bothForms;
    private @Nullable State lowerCase;

    Forms(TokenStream words, boolean bothForms) {
      super(words);
      this.bothForms = bothForms;
    }

    @Override
    public boolean incrementToken() throws IOException {
      if (lowerCase != null) {
        restoreState(lowerCase);
        lowerCase = null;
        step.setPositionIncrement(0);
        return true;
      }
      if (!input.incrementToken()) {
        return false;
      }
      String usual = usual(term);
      if (usual != null) {
        lowerCase = bothForms ? captureState() : null;
        term.setEmpty().append(usual);
      }
      return true;
    }

    @Override
    public void reset() throws IOException {
      super.reset();
      lowerCase = null;
    }
  }

  /** The form that is kept, or null if the word has it. */
  private static @Nullable String usual(CharSequence word) {
    if (word.chars().allMatch(c -> c < 0x80)) {
      return null;
    }
    var usual = new StringBuilder();
    Normalizer.normalize(word, Normalizer.Form.NFKC)
        .codePoints()
        .map(Character::toLowerCase) // of letters that only NFKC makes letters with a case
        .map(c -> c == '\u2018' || c == '\u2019' || c == '\u201b' || c == '\u02bc' ? '\'' : c)
        .forEach(usual::appendCodePoint);
    return CharSequence.compare(usual, word) == 0 ? null : usual.toString();
  }
}
