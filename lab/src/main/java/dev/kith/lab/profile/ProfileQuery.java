package dev.kith.lab.profile;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Queries a profile with SQL. The file is opened read-only; no query can change it. */
public final class ProfileQuery {
  private static final List<String> NAMED =
      List.of("memcpy-throughput", "memcpy-latency", "memcpy-calls");

  private ProfileQuery() {}

  /**
   * Result of a query.
   *
   * @param columns names of the columns
   * @param rows rows, each with a value a column: number, text, bytes or null
   */
  public record Result(List<String> columns, List<List<@Nullable Object>> rows) {}

  /** Names of the queries that Kith brings. */
  public static List<String> named() {
    return NAMED;
  }

  /**
   * Text of a query that Kith brings; its first line is a comment that says what it answers.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public static String named(String name) {
    if (!NAMED.contains(name)) {
      throw new IllegalArgumentException(
          "no such query: %s; known are %s".formatted(name, String.join(", ", NAMED)));
    }
    try (var in =
        Objects.requireNonNull(
            ProfileQuery.class.getResourceAsStream("queries/%s.sql".formatted(name)))) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sentence about what a query that Kith brings answers. */
  public static String describe(String name) {
    return named(name).lines().findFirst().orElseThrow().substring("-- ".length());
  }

  /**
   * Runs one {@code SELECT}, {@code WITH} or {@code VALUES}.
   *
   * @throws IllegalArgumentException if it is none, asks a table that is not there, or SQLite does
   *     not understand it
   */
  public static Result run(Path file, String query) throws IOException {
    try (var connection = ProfileFile.open(file);
        var statement = connection.createStatement()) {
      String tables; // asking says here, not at the query, that a file is no database
      try (var rows =
          statement.executeQuery(
              "SELECT group_concat(name, ', ') FROM sqlite_master WHERE type IN ('table',"
                  + " 'view')")) {
        rows.next();
        tables = Objects.requireNonNullElse(rows.getString(1), "none");
      }
      String one = query.replaceAll("[;\\s]+$", "");
      try {
        // Only one statement, and only one that reads, can stand there.
        connection.prepareStatement("SELECT * FROM (%s\n)".formatted(one)).close();
        try (var rows = statement.executeQuery(one)) {
          return read(rows);
        }
      } catch (SQLException e) {
        String reason = ProfileFile.reason(e);
        if (reason.startsWith("no such table: ")) {
          throw new IllegalArgumentException(
              "%s: file=%s; its tables: %s".formatted(reason, file, tables), e);
        }
        throw new IllegalArgumentException(
            "a query must be one SELECT that SQLite understands: %s; query: %s"
                .formatted(reason, query.strip().replaceAll("\\s+", " ")),
            e);
      }
    } catch (SQLException e) {
      throw ProfileFile.unreadable(file, e);
    }
  }

  private static Result read(ResultSet rows) throws SQLException {
    var about = rows.getMetaData();
    var columns = new ArrayList<String>();
    for (int c = 1; c <= about.getColumnCount(); c++) {
      columns.add(about.getColumnLabel(c));
    }
    var values = new ArrayList<List<@Nullable Object>>();
    while (rows.next()) {
      var row = new ArrayList<@Nullable Object>();
      for (int c = 1; c <= columns.size(); c++) {
        row.add(rows.getObject(c));
      }
      values.add(row);
    }
    return new Result(columns, values);
  }
}
