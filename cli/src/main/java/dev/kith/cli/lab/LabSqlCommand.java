package dev.kith.cli.lab;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.lab.profile.ProfileQuery;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command that queries a profile with SQL. */
@Command(
    name = "sql",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Asks a profile, or an SQLite export of Nsight Systems, with SQL.",
      "Nothing that a query says can change the file."
    })
final class LabSqlCommand implements Callable<Integer> {
  /** Rounding of a number that is no integer. */
  private static final MathContext FIGURES = new MathContext(6);

  @Spec CommandSpec spec;

  @Parameters(index = "0", paramLabel = "FILE", description = "the SQLite file")
  Path file;

  @Parameters(index = "1", arity = "0..1", paramLabel = "QUERY", description = "one SELECT")
  @Nullable String query;

  @Option(
      names = "--named",
      paramLabel = "NAME",
      description = "a query that Kith brings: memcpy-throughput, memcpy-latency, memcpy-calls")
  @Nullable String named;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}. */
  record Report(String query, List<String> columns, List<List<@Nullable Object>> rows) {}

  @Override
  public Integer call() throws IOException {
    if ((query == null) == (named == null)) {
      throw new ParameterException(
          spec.commandLine(),
          "give a QUERY or --named with one of " + String.join(", ", ProfileQuery.named()));
    }
    String sql = query != null ? query : ProfileQuery.named(String.valueOf(named));
    var result = ProfileQuery.run(file, sql);
    var out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, new Report(sql.strip(), result.columns(), result.rows()));
    } else {
      if (named != null) {
        out.println(ProfileQuery.describe(named));
      }
      print(result, out);
    }
    return ExitStatus.DONE;
  }

  /** Prints columns as wide as they must be, numbers to the right. */
  private static void print(ProfileQuery.Result result, PrintWriter out) {
    int columns = result.columns().size();
    var lines = new ArrayList<List<String>>();
    lines.add(result.columns());
    var left = new boolean[columns];
    for (var row : result.rows()) {
      lines.add(row.stream().map(LabSqlCommand::text).toList());
      for (int c = 0; c < columns; c++) {
        left[c] |= row.get(c) instanceof String;
      }
    }
    var width = new int[columns];
    for (var line : lines) {
      for (int c = 0; c < columns; c++) {
        width[c] = Math.max(width[c], line.get(c).length());
      }
    }
    for (var line : lines) {
      var shown = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String blanks = " ".repeat(width[c] - line.get(c).length());
        shown.append(c == 0 ? "" : "  ");
        shown.append(left[c] ? line.get(c) + blanks : blanks + line.get(c));
      }
      out.println(shown.toString().stripTrailing());
    }
    out.printf("%d %s%n", result.rows().size(), result.rows().size() == 1 ? "row" : "rows");
    out.flush();
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Double number when !number.isInfinite() && !number.isNaN() -> {
        var rounded = new BigDecimal(number).round(FIGURES).stripTrailingZeros();
        yield Math.abs(rounded.scale()) > 12 ? rounded.toString() : rounded.toPlainString();
      }
      case byte[] bytes -> "%d bytes".formatted(bytes.length);
      default -> value.toString().replaceAll("[\\p{Cntrl}\\s]+", " ");
    };
  }
}
