package dev.kith.lab.profile;

import static dev.kith.lab.profile.Profiles.call;
import static dev.kith.lab.profile.Profiles.copy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileQueryTest {
  @TempDir Path temp;
  private Path file;

  @BeforeEach
  void write() throws Exception {
    file = temp.resolve("p.sqlite");
    ProfileFile.write(
        file,
        Profiles.of(
            copy(CopyKind.HTOD, 500, 0, 1_000),
            copy(CopyKind.HTOD, 1_500, 2_000, 3_000),
            copy(CopyKind.DTOD, 10, 3_000, 3_000),
            call("cudaMemcpy_v3020", 0, 100),
            call("cuMemAlloc_v2", 200, 500)));
  }

  @Test
  void run_named_answersWithUnitsInTheColumns() throws Exception {
    var throughput = ProfileQuery.run(file, ProfileQuery.named("memcpy-throughput"));
    assertThat(throughput.columns()).containsExactly("copy", "copies", "bytes", "average GB/s");
    assertThat(throughput.rows())
        .hasSize(2)
        .contains(List.of("Host-to-Device", 2, 2_000, 1.0)); // not 0: no division of integers
    var latency = ProfileQuery.run(file, ProfileQuery.named("memcpy-latency"));
    assertThat(latency.columns()).containsExactly("average us");
    assertThat(latency.rows()).containsExactly(List.of(2.0 / 3));
    var calls = ProfileQuery.run(file, ProfileQuery.named("memcpy-calls"));
    assertThat(calls.columns()).containsExactly("call", "calls", "average ns", "total ns");
    assertThat(calls.rows()).containsExactly(List.of("cudaMemcpy_v3020", 1, 100.0, 100));
    for (String name : ProfileQuery.named()) {
      assertThat(ProfileQuery.describe(name)).startsWith("Average ").endsWith(".");
    }
  }

  @Test
  void named_unknown_saysWhichThereAre() {
    assertThatThrownBy(() -> ProfileQuery.named("gpu-idle"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "no such query: gpu-idle; known are memcpy-throughput, memcpy-latency, memcpy-calls");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1",
        "  -- a comment\n/* and\nanother */ select 1;",
        "WITH t(x) AS (VALUES (1)) SELECT x FROM t",
        "VALUES (1)"
      })
  void run_statementThatReads_answers(String query) throws Exception {
    assertThat(ProfileQuery.run(file, query).rows()).containsExactly(List.of(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DELETE FROM StringIds",
        "DROP TABLE StringIds",
        "VACUUM INTO 'stolen.sqlite'",
        "ATTACH 'other.sqlite' AS other",
        "PRAGMA query_only = 0",
        "PRAGMA writable_schema = 1",
        "PRAGMA journal_mode = wal",
        "UPDATE sqlite_master SET sql = ''",
        "CREATE TEMP TABLE t AS SELECT 1",
        "EXPLAIN DELETE FROM StringIds",
        "SELECT load_extension('stolen')",
        "SELECT readfile('p.sqlite')",
        "SELECT writefile('stolen', 'a')",
        "SELECT edit('a', 'touch stolen')",
        "SELECT * FROM pragma_journal_mode('off')",
        "SELECT * FROM (SELECT 1); ATTACH 'stolen' AS s",
        "-- SELECT\nDELETE FROM StringIds",
        "SELECT 1; SELECT 2",
        "SELECT 1) UNION SELECT * FROM (SELECT 2",
        "SELECT 1\n); DELETE FROM StringIds; --",
        "WITH t AS (SELECT 1) DELETE FROM StringIds RETURNING id",
        ""
      })
  void run_statementThatDoesNotRead_isRefused(String query) throws Exception {
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> ProfileQuery.run(file, query))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a query must be one SELECT that SQLite understands: ");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(temp.toFile().list()).containsExactly("p.sqlite");
    assertThat(Path.of("stolen")).doesNotExist();
    assertThat(Path.of("stolen.sqlite")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DETACH main",
        "REINDEX",
        "BEGIN IMMEDIATE",
        "SELECT * FROM fsdir('.')",
        "SELECT * FROM pragma_incremental_vacuum(1)"
      })
  void run_whatIsTakenForATable_changesNothing(String query) throws Exception {
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> ProfileQuery.run(file, query))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("no such table: ");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(temp.toFile().list()).containsExactly("p.sqlite");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM pragma_writable_schema",
        "SELECT * FROM pragma_optimize",
        "SELECT * FROM pragma_database_list",
        "SELECT count(*) FROM (SELECT randomblob(1000) FROM StringIds ORDER BY 1)"
      })
  void run_whatOnlyLooksDangerous_changesNothing(String query) throws Exception {
    byte[] before = Files.readAllBytes(file);
    assertThat(ProfileQuery.run(file, query).columns()).isNotEmpty();
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(temp.toFile().list()).containsExactly("p.sqlite");
  }

  /** Characters that mean something in the address of a database. */
  @ParameterizedTest
  @ValueSource(
      strings = {"p?mode=rwc", "p.sqlite?immutable=0", "p #%3f.sqlite", ":memory:", "ü&a=b"})
  void run_fileOfAnyName_asksThatFile(String name) throws Exception {
    var other = Files.copy(file, temp.resolve(name));
    Files.delete(file);
    assertThat(ProfileQuery.run(other, "SELECT count(*) FROM CUPTI_ACTIVITY_KIND_MEMCPY").rows())
        .containsExactly(List.of(3));
    assertThat(temp.toFile().list()).containsExactly(name);
    var again = temp.resolve("again " + name);
    ProfileFile.write(again, Profiles.of(copy(CopyKind.HTOD, 500, 0, 1_000)));
    assertThat(ProfileQuery.run(again, "SELECT count(*) FROM CUPTI_ACTIVITY_KIND_MEMCPY").rows())
        .containsExactly(List.of(1));
    assertThat(temp.toFile().list()).containsExactlyInAnyOrder(name, "again " + name);
  }

  /** Such a file gets two others beside it from whoever opens it, readers too. */
  @Test
  void run_fileInWriteAheadMode_writesNothingBesideIt() throws Exception {
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA journal_mode = wal");
      statement.execute("CREATE TABLE More(x)");
    }
    byte[] before = Files.readAllBytes(file);
    assertThat(ProfileQuery.run(file, "SELECT count(*) FROM More").rows())
        .containsExactly(List.of(0));
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(temp.toFile().list()).containsExactly("p.sqlite");
  }

  @Test
  void run_fileThatAnotherProgramIsWriting_seesWhatItCommitted() throws Exception {
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA journal_mode = wal");
      statement.execute("CREATE TABLE More(x)");
      statement.execute("INSERT INTO More VALUES (7)");
      assertThat(ProfileQuery.run(file, "SELECT x FROM More").rows()).containsExactly(List.of(7));
    }
  }

  @Test
  void run_mistake_saysWhatSqliteSays() {
    assertThatThrownBy(() -> ProfileQuery.run(file, "SELECT absent\n  FROM StringIds"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a query must be one SELECT that SQLite understands: no such column: absent; query:"
                + " SELECT absent FROM StringIds");
  }
}
