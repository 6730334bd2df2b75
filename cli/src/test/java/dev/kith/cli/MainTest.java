package dev.kith.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;

/** Behaviour that all commands share: help, wrong usage, and what becomes of a failure. */
class MainTest {
  private static final String COMMANDS =
      "demo, doctor, create, import, search, recommend, get, browse, count, facet, set, delete,"
          + " alter, list, stats, optimize, verify, export, snapshot, restore, drop, embed, eval,"
          + " bench, bench-db, lab, help";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "doctor",
        "embed",
        "eval",
        "bench",
        "create",
        "import",
        "search",
        "get",
        "delete",
        "list",
        "stats",
        "optimize",
        "verify",
        "export",
        "drop",
        "recommend",
        "browse",
        "count",
        "facet",
        "set",
        "alter",
        "snapshot",
        "restore"
      })
  void help_ofACommand_showsItsOptions(String command) {
    assertThat(Kith.run(command, "--help").done())
        .startsWith("Usage: kith " + command + " ")
        .contains("--json", "-h, --help");
    assertThat(Kith.run("help", command).done()).isEqualTo(Kith.run(command, "--help").out());
  }

  @Test
  void help_ofKith_hasOneWholeSentenceACommand() {
    assertThat(Kith.run("--help").done().lines())
        .containsSubsequence(
            "A first look:",
            "  demo       The whole way on real texts, and what each step costs.",
            "  doctor     Shows JDK, CPU, backends and models: each usable or not, and why.",
            "Collections:",
            "  create     Makes a collection of vectors.",
            "  import     Puts the points of files into a collection.",
            "  list       Lists the collections of a database.",
            "  stats      Shows what a collection holds, and its room on the disk.",
            "  alter      Adds fields or vectors to a collection's schema, or changes an index.",
            "  drop       Removes a collection and all its points.",
            "Searching:",
            "  search     Finds the points that are nearest to a text or a vector.",
            "  recommend  Finds the points that are most like given ones, and unlike others.",
            "Points:",
            "  get        Prints points by their ids.",
            "  browse     Shows the points of a collection in the order of their ids, a page at a"
                + " time.",
            "  count      Counts the points of a collection, or those that pass a filter.",
            "  facet      Shows the most frequent values of a field, and how many points have"
                + " each.",
            "  set        Changes the payload of points, by their ids or by a filter; vectors"
                + " stay.",
            "  delete     Takes points away, by their ids or by a filter.",
            "Keeping collections:",
            "  optimize   Merges a collection's segments, which makes searches faster.",
            "  verify     Reads all files of a collection and says what is wrong with them.",
            "  export     Writes the points of one moment to a file, whole or not at all.",
            "  snapshot   Copies a collection as it is now into a new folder.",
            "  restore    Makes a collection of a snapshot.",
            "Texts without a collection:",
            "  embed      Turns the texts of a file into a file of vectors.",
            "  eval       Scores a model on a retrieval data set (a BEIR folder).",
            "Measuring:",
            "  bench      Measures an index, or several: rates, latencies, recall, proof.",
            "  bench-db   Measures what a collection costs over a bare search.",
            "  lab        Tells a search in steps, slow to fast, and measures each.",
            "  help       Display help information about the specified command.");
  }

  @Test
  void help_ofKith_namesEachCommandOnce() {
    var listed =
        Kith.run("--help")
            .done()
            .lines()
            .filter(line -> line.matches("  [a-z-]+  .*"))
            .map(line -> line.strip().split(" ", 2)[0])
            .toList();
    assertThat(listed).containsExactlyInAnyOrder(COMMANDS.split(", ", -1));
  }

  @Test
  void version_isThatOfThePom() {
    assertThat(Kith.run("--version").done()).matches("kith \\d+\\.\\d+\\.\\d+\\S*\\R");
    assertThat(Kith.run("bench", "--version").done()).doesNotContain("null");
  }

  @Test
  void command_none_printsTheHelp() {
    assertThat(Kith.run().done()).isEqualTo(Kith.run("--help").done());
  }

  @Test
  void command_unknown_isRefusedWithThoseThatAre() {
    assertThat(Kith.run("serve").refused())
        .isEqualTo("kith: no such command: 'serve'; known are " + COMMANDS + "; see kith --help");
    assertThat(Kith.run("--serve").refused())
        .isEqualTo("kith: Unknown option: '--serve'; see kith --help");
    assertThat(Kith.run("lab", "rat").refused())
        .startsWith("kith: no such command: 'rat'; known are ")
        .endsWith(", help; see kith lab --help");
  }

  @ParameterizedTest
  @CsvSource({
    "serch notes text, no such command: 'serch' (did you mean search?), kith",
    "SEARCH notes text, no such command: 'SEARCH' (did you mean search?), kith",
    "crate c, no such command: 'crate' (did you mean create?), kith",
    "dmeo, no such command: 'dmeo' (did you mean demo?), kith",
    "lab lader, no such command: 'lader' (did you mean ladder?), kith lab",
    "search c text --fliter a==1, Unknown option: '--fliter' (did you mean --filter?), kith search",
    "search c text --tresholds=3, Unknown option: '--tresholds' (did you mean --threshold?),"
        + " kith search",
    "doctor --jsn, Unknown option: '--jsn' (did you mean --json?), kith doctor",
  })
  void word_mistyped_isAnsweredByWhatWasMeant(String arguments, String message, String help) {
    assertThat(Kith.run((Object[]) arguments.split(" ", -1)).refused())
        .isEqualTo("kith: %s; see %s --help".formatted(message, help));
  }

  @Test
  void text_unquoted_saysSo() {
    assertThat(Kith.run("search", "notes", "a", "red", "house").refused())
        .isEqualTo(
            "kith: several words are one TEXT only in quotes: \"a red house\"; see kith search"
                + " --help");
    assertThat(Kith.run("search", "notes", "red", "--filter", "lang", "==", "'en'").refused())
        .isEqualTo(
            "kith: several words are one TEXT only in quotes: \"red == 'en'\"; so is a filter of"
                + " several words; see kith search --help");
    assertThat(Kith.run("lab", "sql", "p.sqlite", "SELECT", "1").refused())
        .isEqualTo(
            "kith: several words are one QUERY only in quotes: \"SELECT 1\"; see kith lab sql"
                + " --help");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "doctor --zzz, Unknown option: '--zzz'",
        "doctor me, Unmatched argument at index 1: 'me'",
        "demo --query-id, Missing required parameter for option '--query-id' (ID)",
        "eval, Missing required option: '--beir=FOLDER'",
        "embed --in a.jsonl, Missing required option: '--out=V.npy'",
        "embed, \"Missing required options: '--in=TEXTS.jsonl', '--out=V.npy'\"",
        "embed --in a --in b, option '--in' (TEXTS.jsonl) should be specified only once",
        "embed --max-length many, Invalid value for option '--max-length': 'many' is not an int",
        "eval --pooling max, \"Invalid value for option '--pooling': expected one of [CLS, MEAN]"
            + " (case-insensitive) but was 'max'\"",
        "bench --k ten, Invalid value for option '--k': 'ten' is not an int",
      })
  void usage_wrong_saysWhatAndWhereTheHelpIs(String arguments, String message) {
    var words = arguments.split(" ", -1);
    assertThat(Kith.run((Object[]) words).refused())
        .isEqualTo("kith: " + message + "; see kith " + words[0] + " --help");
  }

  @Test
  void numbers_inAnyLocale_havePointsAndLatinDigits() {
    var before = Locale.getDefault(Locale.Category.FORMAT);
    try {
      for (var tag : new String[] {"de-DE", "tr-TR", "ar-EG-u-nu-arab"}) {
        Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag(tag));
        var arguments = "bench --metric COSINE --n 50 --dim 3 --query-count 2 --seconds 0 --check";
        assertThat(Kith.run((Object[]) arguments.split(" ", -1)).done())
            .as(tag)
            .contains("flat over 50 x 3, cosine, k=10, 1 thread", "recall 1.0000, 0 rows differ");
      }
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  @Test
  void memory_notEnough_isRefused() {
    var arguments = "bench --metric l2 --n 100000000000 --dim 768 --seconds 0".split(" ", -1);
    assertThat(Kith.run((Object[]) arguments).refused())
        .startsWith("kith: not enough memory (")
        .endsWith("); give less at once, or more memory by KITH_JAVA_OPTS=-Xmx8g");
  }

  @Test
  void failure_ofTheFileSystem_isOneLineWithTheFile() {
    assertThat(fail(new NoSuchFileException("a.npy")).refused())
        .isEqualTo("kith: no such file or folder: a.npy");
    assertThat(fail(new AccessDeniedException("a.npy")).refused())
        .isEqualTo("kith: no permission: a.npy");
    assertThat(fail(new FileSystemException("a.npy", null, "Is a directory")).refused())
        .isEqualTo("kith: cannot use a.npy: Is a directory");
    assertThat(fail(new IOException("No space left\n on device")).refused())
        .isEqualTo("kith: No space left on device");
    assertThat(fail(new UncheckedIOException(new NoSuchFileException("a.npy"))).refused())
        .isEqualTo("kith: no such file or folder: a.npy");
  }

  @Test
  void failure_nobodyExpected_isADefectWithItsStackTrace() {
    for (var defect : new Throwable[] {new IllegalStateException("odd"), new AssertionError()}) {
      var result = fail(defect);
      assertThat(result.exit()).isEqualTo(3);
      assertThat(result.out()).isEmpty();
      assertThat(result.err())
          .startsWith("kith: this is a defect of Kith; please report it with what follows")
          .contains(defect.toString(), "\tat dev.kith.cli.MainTest");
    }
  }

  private static Kith.Result fail(Throwable failure) {
    var line = Main.commandLine();
    line.addSubcommand("fail", new Failing(failure));
    return Kith.run(line, "fail");
  }

  /** Command that does nothing but fail. */
  @Command
  private record Failing(Throwable failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (Exception) failure;
    }
  }
}
