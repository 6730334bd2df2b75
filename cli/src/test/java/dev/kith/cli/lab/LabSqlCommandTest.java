package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import dev.kith.lab.profile.Activity;
import dev.kith.lab.profile.CopyKind;
import dev.kith.lab.profile.MemoryKind;
import dev.kith.lab.profile.Profile;
import dev.kith.lab.profile.ProfileFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabSqlCommandTest {
  @TempDir Path temp;
  private Path file;

  @BeforeEach
  void write() throws Exception {
    file = temp.resolve("p.sqlite");
    var place = new Activity.Place(0, 1, 7, 0);
    ProfileFile.write(
        file,
        new Profile(
            Instant.EPOCH,
            100,
            1,
            List.of(
                copy(place, CopyKind.HTOD, 3_000_000, 0, 1_000_000),
                copy(place, CopyKind.DTOH, 400, 2_000_000, 2_000_600)),
            List.of(),
            Map.of(),
            Map.of(),
            List.of()));
  }

  private static Activity copy(
      Activity.Place place, CopyKind kind, long bytes, long start, long end) {
    return new Activity.Memcpy(
        start, end, place, bytes, kind, MemoryKind.PINNED, MemoryKind.DEVICE);
  }

  @Test
  void sql_named_printsATable() {
    assertThat(Kith.run("lab", "sql", file, "--named", "memcpy-throughput").done().lines())
        .containsExactly(
            "Average throughput of copies by where they go: bytes a nanosecond are GB/s.",
            "copy            copies    bytes  average GB/s",
            "Host-to-Device       1  3000000             3",
            "Device-to-Host       1      400      0.666667",
            "2 rows");
  }

  @Test
  void sql_queryAsJson_hasColumnsAndRows() throws Exception {
    var report =
        Kith.run(
                "lab",
                "sql",
                file,
                "SELECT sum(bytes) AS s, NULL AS n FROM CUPTI_ACTIVITY_KIND_MEMCPY",
                "--json")
            .json();
    assertThat(Kith.fields(report)).containsExactly("query", "columns", "rows");
    assertThat(report.get("columns")).hasToString("[\"s\",\"n\"]");
    assertThat(report.get("rows")).hasToString("[[3000400,null]]");
  }

  @Test
  void sql_wrongUsage_isRefused() throws Exception {
    assertThat(Kith.run("lab", "sql", file).refused())
        .isEqualTo(
            "kith: give a QUERY or --named with one of memcpy-throughput, memcpy-latency,"
                + " memcpy-calls; see kith lab sql --help");
    assertThat(Kith.run("lab", "sql", file, "--named", "all").refused())
        .startsWith("kith: no such query: all; known are ");
    assertThat(Kith.run("lab", "sql", file, "DROP TABLE StringIds").refused())
        .startsWith("kith: a query must be one SELECT that SQLite understands: ");
    assertThat(Kith.run("lab", "sql", temp.resolve("none"), "SELECT 1").refused())
        .isEqualTo("kith: no such file or folder: " + temp.resolve("none"));
    var empty = Files.createFile(temp.resolve("empty"));
    assertThat(Kith.run("lab", "sql", empty, "--named", "memcpy-calls").refused())
        .isEqualTo(
            "kith: no such table: CUPTI_ACTIVITY_KIND_RUNTIME: file=%s; its tables: none"
                .formatted(empty));
    assertThat(Kith.run("lab", "sql", file, "SELECT * FROM Ranges").refused())
        .startsWith("kith: no such table: Ranges: file=%s; its tables: ".formatted(file))
        .contains("CUPTI_ACTIVITY_KIND_KERNEL, ", "NVTX_EVENTS");
    assertThat(Kith.run("lab", "sql", temp, "SELECT 1").refused())
        .isEqualTo("kith: cannot use %s: it is a folder, not a file".formatted(temp));
    var text = Files.writeString(temp.resolve("text"), "words ".repeat(200));
    assertThat(Kith.run("lab", "sql", text, "SELECT 1").refused())
        .startsWith("kith: not a profile that can be read: file=" + text);
  }
}
