package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.CollectionStats;
import dev.kith.db.durability.DamagedLogException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Command that checks a collection by reading all of it. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description = {
      "Reads all files of a collection and says what is wrong with them.",
      "A line for each problem, and exit status 1 if there is one."
    })
public final class VerifyCommand implements Callable<Integer> {
  @Mixin Database database;

  @Parameters(paramLabel = "C", description = "the collection's name")
  String name;

  /** Document printed with {@code --json}. */
  record Report(String name, List<String> problems, long zeroVectors) {}

  private long zeroVectors;

  @Override
  public Integer call() {
    var problems = problems();
    if (database.json) {
      Json.print(database.out(), new Report(name, problems, zeroVectors));
    } else if (problems.isEmpty()) {
      database
          .out()
          .printf(
              "%s is whole%s%n",
              name,
              zeroVectors == 0
                  ? ""
                  : "; %d vectors for cosine are zeros, which have no direction"
                      .formatted(zeroVectors));
    } else {
      problems.forEach(database.out()::println);
    }
    database.out().flush();
    return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.CHECK_FAILED;
  }

  private List<String> problems() {
    try (var opened = database.readable(name)) {
      var problems = opened.collection().verify();
      if (problems.isEmpty()) {
        zeroVectors =
            opened.collection().stats().indexes().stream()
                .mapToLong(CollectionStats.IndexStats::zeroVectors)
                .sum();
      }
      return problems;
    } catch (VectorDataException | DamagedLogException e) {
      return List.of(String.valueOf(e.getMessage()));
    } catch (UncheckedIOException e) {
      return switch (e.getCause()) {
        case AccessDeniedException _ -> throw e;
        case NoSuchFileException missing -> List.of("a file is missing: " + missing.getFile());
        case null -> throw e;
        case IOException damage -> List.of(String.valueOf(damage.getMessage()));
      };
    }
  }
}
