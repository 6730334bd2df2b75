package dev.kith.cli.console;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What may have been meant by a word that was mistyped. */
final class Suggestions {
  /** Labels of arguments that are texts, which a shell splits where they are not quoted. */
  private static final List<String> TEXTS = List.of("TEXT", "QUERY");

  private Suggestions() {}

  /** Message for arguments that a command does not take. */
  static String message(UnmatchedArgumentException wrong) {
    var command = wrong.getCommandLine();
    var spec = command.getCommandSpec();
    String first = wrong.getUnmatched().getFirst();
    if (wrong.isUnknownOption()) {
      String name = first.split("=", 2)[0];
      return "Unknown option: '%s'%s".formatted(name, meant(name, spec.optionsMap().keySet()));
    }
    var commands = command.getSubcommands().keySet();
    if (!commands.isEmpty()) {
      String meant = meant(first, commands);
      return "no such command: '%s'%s"
          .formatted(first, meant.isEmpty() ? "; known are " + String.join(", ", commands) : meant);
    }
    String text = unquoted(spec, command.getParseResult(), wrong.getUnmatched());
    return text == null ? String.valueOf(wrong.getMessage()) : text;
  }

  /** What was meant, in brackets and after a blank; nothing where no candidate is near. */
  private static String meant(String word, Collection<String> candidates) {
    String nearest = nearest(word, candidates);
    return nearest == null ? "" : " (did you mean %s?)".formatted(nearest);
  }

  /**
   * Finds the candidate with the fewest letters added, left out, replaced or swapped; null where
   * more than a third of the word's letters, and more than two, would have to change.
   */
  static @Nullable String nearest(String word, Collection<String> candidates) {
    String best = null;
    int limit = Math.clamp(bare(word).length() / 3, 1, 2);
    for (var candidate : candidates) {
      int distance = distance(bare(word), bare(candidate));
      if (distance <= limit && bare(candidate).length() > distance) {
        best = candidate;
        limit = distance - 1;
      }
    }
    return best;
  }

  private static String bare(String option) {
    return option.replaceFirst("^-+", "").toLowerCase(Locale.ROOT);
  }

  /** Distance of Damerau and Levenshtein, with swaps of neighbouring letters alone. */
  static int distance(String a, String b) {
    var rows = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          rows[i][j] = i + j;
          continue;
        }
        int changed = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least = Math.min(rows[i - 1][j], rows[i][j - 1]) + 1;
        least = Math.min(least, rows[i - 1][j - 1] + changed);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          least = Math.min(least, rows[i - 2][j - 2] + 1);
        }
        rows[i][j] = least;
      }
    }
    return rows[a.length()][b.length()];
  }

  /**
   * Message for words behind a text that the command takes as one argument; null if it takes no
   * text, or was given none.
   */
  private static @Nullable String unquoted(
      CommandSpec spec, @Nullable ParseResult parsed, List<String> more) {
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      if (!TEXTS.contains(argument.paramLabel()) || argument.originalStringValues().isEmpty()) {
        continue;
      }
      var words = new ArrayList<>(argument.originalStringValues());
      words.addAll(more);
      boolean filtered = parsed != null && parsed.hasMatchedOption("--filter");
      return "several words are one %s only in quotes: \"%s\"%s"
          .formatted(
              argument.paramLabel(),
              String.join(" ", words),
              filtered ? "; so is a filter of several words" : "");
    }
    return null;
  }
}
