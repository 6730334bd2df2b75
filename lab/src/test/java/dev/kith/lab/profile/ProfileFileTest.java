package dev.kith.lab.profile;

import static dev.kith.lab.profile.Profiles.call;
import static dev.kith.lab.profile.Profiles.copy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Seeded.class)
class ProfileFileTest {
  @TempDir Path temp;

  @RepeatedTest(20)
  void write_anyProfile_readsBackTheSame(SplittableRandom random) throws Exception {
    var file = temp.resolve("it's 100% a profile.sqlite");
    var profile = Profiles.random(random);
    ProfileFile.write(file, Profiles.random(random));
    ProfileFile.write(file, profile);
    var again = ProfileFile.read(file);
    // Activities that begin and end together have no order.
    assertThat(new HashSet<>(again.activities())).isEqualTo(new HashSet<>(profile.activities()));
    assertThat(again).usingRecursiveComparison().ignoringFields("activities").isEqualTo(profile);
    assertThat(again.activities()).isSortedAccordingTo(Profile.ORDER);
    try (var files = Files.list(temp)) {
      assertThat(files).containsExactly(file);
    }
  }

  /** Queries that people ask of an export of Nsight Systems, word for word. */
  @Test
  void write_copiesAndCalls_queriesOfNsightExportsRun() throws Exception {
    var file = temp.resolve("p.sqlite");
    ProfileFile.write(
        file,
        Profiles.of(
            copy(CopyKind.HTOD, 4_000, 0, 1_000),
            copy(CopyKind.HTOD, 8_000, 2_000, 3_000),
            copy(CopyKind.DTOH, 9_000, 4_000, 4_500),
            call("cudaMemcpyAsync_v3020", 0, 100),
            call("cudaMemcpyAsync_v3020", 200, 500),
            call("cuMemcpyDtoH_v2", 600, 650),
            call("cudaLaunchKernel_v7000", 700, 790)));
    assertThat(
            ProfileQuery.run(
                    file,
                    """
                    SELECT ENUM_CUDA_MEMCPY_OPER.label, AVG(bytes / (end - start))
                    FROM CUPTI_ACTIVITY_KIND_MEMCPY
                    JOIN ENUM_CUDA_MEMCPY_OPER ON copyKind = id
                    GROUP BY copyKind
                    """)
                .rows())
        .containsExactly(List.of("Host-to-Device", 6.0), List.of("Device-to-Host", 18.0));
    assertThat(
            ProfileQuery.run(
                    file, "SELECT AVG((end - start)/1000.0) FROM CUPTI_ACTIVITY_KIND_MEMCPY")
                .rows())
        .containsExactly(List.of(2.5 / 3));
    assertThat(
            ProfileQuery.run(
                    file,
                    """
                    SELECT s.value, AVG(end-start), SUM(end-start)
                    FROM CUPTI_ACTIVITY_KIND_RUNTIME r JOIN StringIds s ON r.nameId = s.id
                    WHERE s.value LIKE '%Memcpy%' GROUP BY s.value
                    """)
                .rows())
        .containsExactly(
            List.of("cuMemcpyDtoH_v2", 50.0, 50), List.of("cudaMemcpyAsync_v3020", 200.0, 400));
  }

  /**
   * Reads tables with the columns of the export's documentation: more than ours, in another order.
   */
  @Test
  void read_nsightExport_readsWhatItKnows() throws Exception {
    var file = temp.resolve("nsys.sqlite");
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      for (String sql :
          List.of(
              "CREATE TABLE StringIds (id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
              "INSERT INTO StringIds VALUES (3, 'void scan<int>(int)'), (4, 'scan'), (5, 'inner')",
              """
              CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER NOT NULL, end INTEGER NOT NULL,
                deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, greenContextId INTEGER,
                streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
                demangledName INTEGER NOT NULL, shortName INTEGER NOT NULL, mangledName INTEGER,
                launchType INTEGER, cacheConfig INTEGER, registersPerThread INTEGER NOT NULL,
                gridX INTEGER NOT NULL, gridY INTEGER NOT NULL, gridZ INTEGER NOT NULL,
                blockX INTEGER NOT NULL, blockY INTEGER NOT NULL, blockZ INTEGER NOT NULL,
                staticSharedMemory INTEGER NOT NULL, dynamicSharedMemory INTEGER NOT NULL,
                localMemoryPerThread INTEGER NOT NULL, localMemoryTotal INTEGER NOT NULL)
              """,
              """
              INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES
                (10, 30, 0, 1, NULL, 7, 99, 16777216, 3, 4, NULL, 1, 0, 40, 2, 3, 4, 128, 1, 1, 5, 6, 0, 0)
              """,
              """
              CREATE TABLE NVTX_EVENTS (start INTEGER NOT NULL, end INTEGER, eventType INTEGER NOT NULL,
                rangeId INTEGER, category INTEGER, color INTEGER, text TEXT, globalTid INTEGER,
                endGlobalTid INTEGER, textId INTEGER, domainId INTEGER, jsonTextId INTEGER, jsonText TEXT)
              """,
              """
              INSERT INTO NVTX_EVENTS VALUES
                (1, 50, 59, NULL, NULL, NULL, 'outer', 281479288520722, NULL, NULL, 0, NULL, NULL),
                (2, 40, 59, NULL, NULL, NULL, NULL, 281479288520722, NULL, 5, 0, NULL, NULL),
                (3, NULL, 34, NULL, NULL, NULL, 'a mark', 281479288520722, NULL, NULL, 0, NULL, NULL)
              """)) {
        statement.executeUpdate(sql);
      }
    }
    var profile = ProfileFile.read(file);
    assertThat(profile.activities())
        .containsExactly(
            new Activity.Range(1, 50, 281479288520722L & 0xFFFFFF, "outer", "", Map.of()),
            new Activity.Range(2, 40, 281479288520722L & 0xFFFFFF, "inner", "", Map.of()),
            new Activity.Kernel(
                10,
                30,
                new Activity.Place(0, 1, 7, 99),
                "void scan<int>(int)",
                "",
                new Activity.Size(2, 3, 4),
                new Activity.Size(128, 1, 1),
                40,
                5,
                6,
                0));
  }

  @Test
  void read_noProfile_saysWhichFile() throws IOException {
    assertThatThrownBy(() -> ProfileFile.read(temp.resolve("none.sqlite")))
        .isInstanceOf(NoSuchFileException.class);
    var text = Files.writeString(temp.resolve("text.sqlite"), "no database, but long ".repeat(100));
    assertThatThrownBy(() -> ProfileFile.read(text))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "not a profile that can be read: file=%s: file is not a database; make one with kith"
                    .formatted(text)
                + " lab profile --out F.sqlite");
    var empty = Files.createFile(temp.resolve("empty.sqlite"));
    assertThatThrownBy(() -> ProfileFile.read(empty))
        .hasMessageContaining("it has no table StringIds");
  }

  @Test
  void write_noFolder_leavesNothing() {
    var file = temp.resolve("no/p.sqlite");
    assertThatThrownBy(() -> ProfileFile.write(file, Profiles.of()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot write the profile: file=%s: ".formatted(file));
    assertThat(Stream.of(temp.toFile().list())).isEmpty();
  }
}
