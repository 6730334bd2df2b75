package dev.kith.lab.profile;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.Place;
import dev.kith.lab.profile.Activity.Range;
import dev.kith.lab.profile.Activity.Size;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/**
 * A profile as an SQLite file, with the tables and columns of an Nsight Systems export. The same
 * tables are read of such an export.
 *
 * <p>A thread is {@code pid << 24 | tid} in {@code globalTid}, a process {@code pid << 24} in
 * {@code globalPid}. Ranges are push-pop ranges of {@code NVTX_EVENTS}, their domains its events of
 * type 75.
 */
public final class ProfileFile {
  private static final JsonMapper JSON = new JsonMapper();

  /** Numbers of {@code ENUM_NSYS_EVENT_TYPE}. */
  private static final int PUSH_POP_RANGE = 59;

  private static final int DOMAIN_CREATE = 75;

  /** Numbers of {@code ENUM_NSYS_EVENT_CLASS}. */
  private static final int RUNTIME = 0;

  private static final int DRIVER = 1;

  private static final int THREAD_BITS = 24;
  private static final long THREAD = (1L << THREAD_BITS) - 1;

  private ProfileFile() {}

  /** Writes a file, or overwrites it; completely or not at all. */
  public static void write(Path file, Profile profile) throws IOException {
    WholeOrNot.write(
        file,
        partial -> {
          var config = new SQLiteConfig();
          // A file that fails is thrown away.
          config.setJournalMode(SQLiteConfig.JournalMode.OFF);
          config.setSynchronous(SQLiteConfig.SynchronousMode.OFF);
          try (var connection = config.createConnection("jdbc:sqlite:" + partial)) {
            connection.setAutoCommit(false);
            new Writer(connection, profile).write();
            connection.commit();
          } catch (SQLException e) {
            throw new IOException(
                "cannot write the profile: file=%s: %s".formatted(file, reason(e)), e);
          }
        });
  }

  /** Reads a file that {@link #write} or an export of Nsight Systems made. */
  public static Profile read(Path file) throws IOException {
    try (var connection = open(file)) {
      return new Reader(connection).read();
    } catch (SQLException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Opens an existing file read-only. A database in the mode of a write-ahead log gets files beside
   * it even then, unless SQLite is told that nothing changes it; what a log beside it holds would
   * not be seen so.
   */
  static Connection open(Path file) throws IOException, SQLException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "it is a folder, not a file");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    var config = new SQLiteConfig();
    config.setReadOnly(true);
    return config.createConnection(
        "jdbc:sqlite:" + file.toUri() + (isAlone(file) ? "?immutable=1" : ""));
  }

  /** Whether no other program left files of the database beside it. */
  private static boolean isAlone(Path file) {
    return !Files.exists(file.resolveSibling(file.getFileName() + "-wal"))
        && !Files.exists(file.resolveSibling(file.getFileName() + "-journal"));
  }

  static IOException unreadable(Path file, SQLException e) {
    return new IOException(
        "not a profile that can be read: file=%s: %s; make one with kith lab profile --out F.sqlite"
            .formatted(file, reason(e)),
        e);
  }

  /** Reason in SQLite's own words, in one line, without the driver's. */
  static String reason(SQLException e) {
    String text = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
    int inside = text.lastIndexOf('(');
    return text.startsWith("[SQLITE") && inside > 0 && text.endsWith(")")
        ? text.substring(inside + 1, text.length() - 1)
        : text;
  }

  private static final class Writer {
    private final Connection connection;
    private final Profile profile;
    private final long globalPid;
    private final Map<String, Long> strings = new LinkedHashMap<>();
    private final Map<String, Long> domains = new LinkedHashMap<>();

    Writer(Connection connection, Profile profile) {
      this.connection = connection;
      this.profile = profile;
      this.globalPid = profile.pid() << THREAD_BITS;
    }

    void write() throws IOException, SQLException {
      try (var statement = connection.createStatement()) {
        statement.executeUpdate(resource("schema.sql"));
      }
      enums();
      about();
      gpus();
      kernels();
      copies();
      memsets();
      calls();
      ranges();
      try (var insert = into("StringIds", 2)) {
        for (var entry : strings.entrySet()) {
          insert.add(entry.getValue(), entry.getKey());
        }
      }
    }

    private void enums() throws SQLException {
      try (var insert = into("ENUM_CUDA_MEMCPY_OPER", 3)) {
        for (var kind : CopyKind.values()) {
          insert.add(kind.id(), "CUDA_MEMCPY_KIND_" + kind.name(), kind.label());
        }
      }
      try (var insert = into("ENUM_CUDA_MEM_KIND", 3)) {
        for (var kind : MemoryKind.values()) {
          insert.add(kind.id(), "CUDA_MEMOPR_MEMORY_KIND_" + kind.name(), kind.label());
        }
      }
    }

    private void about() throws SQLException {
      try (var insert = into("META_DATA_CAPTURE", 2)) {
        for (var entry : profile.about().entrySet()) {
          insert.add(entry.getKey(), entry.getValue());
        }
      }
      try (var insert = into("META_DATA_EXPORT", 2)) {
        insert.add("EXPORT_PRODUCT_NAME", "Kith");
      }
      try (var insert = into("TARGET_INFO_SESSION_START_TIME", 2)) {
        var begin = profile.begin();
        long nanos = begin.getEpochSecond() * 1_000_000_000L + begin.getNano();
        insert.add(nanos, begin.toString());
      }
      try (var insert = into("ANALYSIS_DETAILS", 4)) {
        insert.add(0, profile.nanos(), 0, profile.nanos());
      }
      try (var insert = into("PROCESSES", 3)) {
        insert.add(globalPid, profile.pid(), profile.about().getOrDefault("command", "kith"));
      }
      try (var insert = into("ThreadNames", 3)) {
        for (var thread : profile.threads().entrySet()) {
          insert.add(string(thread.getValue()), 0, globalTid(thread.getKey()));
        }
      }
      try (var insert = into("DIAGNOSTIC_EVENT", 5)) {
        for (String note : profile.notes()) {
          insert.add(0, 0, 0, note, globalPid);
        }
      }
    }

    private void gpus() throws SQLException {
      try (var insert = into("TARGET_INFO_GPU", 10)) {
        for (var gpu : profile.gpus()) {
          insert.add(
              0,
              gpu.id(),
              gpu.name(),
              gpu.l2Bytes(),
              gpu.memoryBytes(),
              gpu.bytesPerSecond(),
              gpu.clockHertz(),
              gpu.multiprocessors(),
              gpu.computeMajor(),
              gpu.computeMinor());
        }
      }
    }

    private void kernels() throws SQLException {
      try (var insert = into("CUPTI_ACTIVITY_KIND_KERNEL", 20)) {
        for (var kernel : (Iterable<Kernel>) profile.each(Kernel.class)::iterator) {
          var place = kernel.place();
          insert.add(
              kernel.start(),
              kernel.end(),
              place.device(),
              place.context(),
              place.stream(),
              correlation(place.correlation()),
              globalPid,
              string(kernel.name()),
              string(kernel.shortName()),
              string(kernel.mangledName()),
              kernel.registers(),
              kernel.grid().x(),
              kernel.grid().y(),
              kernel.grid().z(),
              kernel.block().x(),
              kernel.block().y(),
              kernel.block().z(),
              kernel.staticShared(),
              kernel.dynamicShared(),
              kernel.localPerThread());
        }
      }
    }

    private void copies() throws SQLException {
      try (var insert = into("CUPTI_ACTIVITY_KIND_MEMCPY", 11)) {
        for (var copy : (Iterable<Memcpy>) profile.each(Memcpy.class)::iterator) {
          var place = copy.place();
          insert.add(
              copy.start(),
              copy.end(),
              place.device(),
              place.context(),
              place.stream(),
              correlation(place.correlation()),
              globalPid,
              copy.bytes(),
              copy.kind().id(),
              copy.from().id(),
              copy.to().id());
        }
      }
    }

    private void memsets() throws SQLException {
      try (var insert = into("CUPTI_ACTIVITY_KIND_MEMSET", 10)) {
        for (var memset : (Iterable<Memset>) profile.each(Memset.class)::iterator) {
          var place = memset.place();
          insert.add(
              memset.start(),
              memset.end(),
              place.device(),
              place.context(),
              place.stream(),
              correlation(place.correlation()),
              globalPid,
              memset.value(),
              memset.bytes(),
              memset.memory().id());
        }
      }
    }

    private void calls() throws SQLException {
      try (var insert = into("CUPTI_ACTIVITY_KIND_RUNTIME", 7)) {
        for (var call : (Iterable<Call>) profile.each(Call.class)::iterator) {
          insert.add(
              call.start(),
              call.end(),
              call.driver() ? DRIVER : RUNTIME,
              globalTid(call.thread()),
              correlation(call.correlation()),
              string(call.name()),
              call.result());
        }
      }
    }

    private void ranges() throws SQLException {
      try (var insert = into("NVTX_EVENTS", 8)) {
        for (var range : (Iterable<Range>) profile.each(Range.class)::iterator) {
          var domain = domains.get(range.domain());
          if (domain == null) {
            domain = domains.size() + 1L;
            domains.put(range.domain(), domain);
            insert.add(0, null, DOMAIN_CREATE, range.domain(), globalPid, null, domain, null);
          }
          insert.add(
              range.start(),
              range.end(),
              PUSH_POP_RANGE,
              range.name(),
              globalTid(range.thread()),
              null,
              domain,
              range.details().isEmpty() ? null : json(range.details()));
        }
      }
    }

    private static String json(Map<String, Object> details) {
      try {
        return JSON.writeValueAsString(details);
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException("details must be numbers, texts, booleans", e);
      }
    }

    private long globalTid(long thread) {
      return globalPid | (thread & THREAD);
    }

    private static @Nullable Long correlation(long correlation) {
      return correlation == 0 ? null : correlation;
    }

    private long string(String value) {
      return strings.computeIfAbsent(value, _ -> (long) strings.size());
    }

    private Insert into(String table, int columns) throws SQLException {
      return new Insert(
          connection.prepareStatement(
              "INSERT INTO %s VALUES (?%s)".formatted(table, ", ?".repeat(columns - 1))));
    }

    private static String resource(String name) throws IOException {
      try (var in = Objects.requireNonNull(ProfileFile.class.getResourceAsStream(name))) {
        return new String(in.readAllBytes(), UTF_8);
      }
    }
  }

  /** Insertion of rows into one table. */
  private record Insert(PreparedStatement statement) implements AutoCloseable {
    void add(@Nullable Object... values) throws SQLException {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }

    @Override
    public void close() throws SQLException {
      statement.close();
    }
  }

  private static final class Reader {
    private final Connection connection;
    private final Set<String> tables = new HashSet<>();
    private final List<Activity> activities = new ArrayList<>();
    private long pid;

    Reader(Connection connection) {
      this.connection = connection;
    }

    /** Values of a row. */
    interface Row {
      void read(ResultSet row) throws SQLException;
    }

    Profile read() throws SQLException {
      each(
          "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
          row -> {
            tables.add(row.getString(1));
          });
      if (!tables.contains("StringIds")) {
        throw new SQLException("it has no table StringIds");
      }
      each("PROCESSES", "SELECT pid FROM PROCESSES LIMIT 1", row -> pid = row.getLong(1));
      var begin = new Instant[] {Instant.EPOCH};
      each(
          "TARGET_INFO_SESSION_START_TIME",
          "SELECT utcEpochNs FROM TARGET_INFO_SESSION_START_TIME",
          row -> begin[0] = Instant.ofEpochSecond(0, row.getLong(1)));
      var nanos = new long[1];
      each(
          "ANALYSIS_DETAILS",
          "SELECT duration FROM ANALYSIS_DETAILS",
          row -> nanos[0] = row.getLong(1));
      var about = new HashMap<String, String>();
      each(
          "META_DATA_CAPTURE",
          "SELECT name, value FROM META_DATA_CAPTURE WHERE value IS NOT NULL",
          row -> about.put(row.getString(1), row.getString(2)));
      var notes = new ArrayList<String>();
      each(
          "DIAGNOSTIC_EVENT",
          "SELECT text FROM DIAGNOSTIC_EVENT",
          row -> notes.add(row.getString(1)));
      var threads = new HashMap<Long, String>();
      each(
          "ThreadNames",
          "SELECT globalTid, value FROM ThreadNames JOIN StringIds ON nameId = id",
          row -> threads.put(row.getLong(1) & THREAD, row.getString(2)));
      var gpus = new ArrayList<Gpu>();
      each(
          "TARGET_INFO_GPU",
          """
          SELECT id, name, totalMemory, memoryBandwidth, l2CacheSize, clockRate, smCount,
                 computeMajor, computeMinor FROM TARGET_INFO_GPU
          """,
          row ->
              gpus.add(
                  new Gpu(
                      row.getInt(1),
                      Objects.requireNonNullElse(row.getString(2), ""),
                      row.getLong(3),
                      row.getLong(4),
                      row.getLong(5),
                      row.getLong(6),
                      row.getInt(7),
                      row.getInt(8),
                      row.getInt(9))));
      kernels();
      copies();
      memsets();
      calls();
      ranges();
      return new Profile(begin[0], nanos[0], pid, activities, gpus, threads, about, notes);
    }

    private void kernels() throws SQLException {
      each(
          "CUPTI_ACTIVITY_KIND_KERNEL",
          """
          SELECT start, end, deviceId, contextId, streamId, correlationId, d.value, m.value,
                 gridX, gridY, gridZ, blockX, blockY, blockZ, registersPerThread,
                 staticSharedMemory, dynamicSharedMemory, localMemoryPerThread
          FROM CUPTI_ACTIVITY_KIND_KERNEL
          JOIN StringIds d ON demangledName = d.id LEFT JOIN StringIds m ON mangledName = m.id
          """,
          row ->
              activities.add(
                  new Kernel(
                      row.getLong(1),
                      row.getLong(2),
                      place(row),
                      row.getString(7),
                      Objects.requireNonNullElse(row.getString(8), ""),
                      new Size(row.getInt(9), row.getInt(10), row.getInt(11)),
                      new Size(row.getInt(12), row.getInt(13), row.getInt(14)),
                      row.getInt(15),
                      row.getInt(16),
                      row.getInt(17),
                      row.getInt(18))));
    }

    private void copies() throws SQLException {
      each(
          "CUPTI_ACTIVITY_KIND_MEMCPY",
          """
          SELECT start, end, deviceId, contextId, streamId, correlationId, bytes, copyKind,
                 ifnull(srcKind, 7), ifnull(dstKind, 7) FROM CUPTI_ACTIVITY_KIND_MEMCPY
          """,
          row ->
              activities.add(
                  new Memcpy(
                      row.getLong(1),
                      row.getLong(2),
                      place(row),
                      row.getLong(7),
                      CopyKind.of(row.getInt(8)),
                      MemoryKind.of(row.getInt(9)),
                      MemoryKind.of(row.getInt(10)))));
    }

    private void memsets() throws SQLException {
      each(
          "CUPTI_ACTIVITY_KIND_MEMSET",
          """
          SELECT start, end, deviceId, contextId, streamId, correlationId, bytes, value,
                 ifnull(memKind, 7) FROM CUPTI_ACTIVITY_KIND_MEMSET
          """,
          row ->
              activities.add(
                  new Memset(
                      row.getLong(1),
                      row.getLong(2),
                      place(row),
                      row.getLong(7),
                      row.getInt(8),
                      MemoryKind.of(row.getInt(9)))));
    }

    private static Place place(ResultSet row) throws SQLException {
      return new Place(row.getInt(3), row.getInt(4), row.getInt(5), row.getLong(6));
    }

    private void calls() throws SQLException {
      each(
          "CUPTI_ACTIVITY_KIND_RUNTIME",
          """
          SELECT start, end, globalTid, correlationId, value, eventClass, returnValue
          FROM CUPTI_ACTIVITY_KIND_RUNTIME JOIN StringIds ON nameId = id
          """,
          row ->
              activities.add(
                  new Call(
                      row.getLong(1),
                      row.getLong(2),
                      row.getLong(3) & THREAD,
                      row.getLong(4),
                      row.getString(5),
                      row.getInt(6) == DRIVER,
                      row.getInt(7))));
    }

    private void ranges() throws SQLException {
      var domains = new HashMap<Long, String>();
      each(
          "NVTX_EVENTS",
          "SELECT domainId, text FROM NVTX_EVENTS WHERE eventType = " + DOMAIN_CREATE,
          row -> domains.put(row.getLong(1), String.valueOf(row.getString(2))));
      each(
          "NVTX_EVENTS",
          """
          SELECT start, end, globalTid, ifnull(text, ifnull(value, '')), domainId, jsonText
          FROM NVTX_EVENTS LEFT JOIN StringIds ON textId = id
          WHERE end IS NOT NULL AND eventType =
          """
              + PUSH_POP_RANGE,
          row ->
              activities.add(
                  new Range(
                      row.getLong(1),
                      row.getLong(2),
                      row.getLong(3) & THREAD,
                      row.getString(4),
                      domains.getOrDefault(row.getLong(5), ""),
                      details(row.getString(6)))));
    }

    private static Map<String, Object> details(@Nullable String json) throws SQLException {
      if (json == null) {
        return Map.of();
      }
      try {
        return JSON.readValue(json, new TypeReference<Map<String, Object>>() {});
      } catch (JsonProcessingException e) {
        throw new SQLException("a range's jsonText is no JSON object: " + json, e);
      }
    }

    /** Reads the rows of a table if it exists: exports have only tables that have rows. */
    private void each(String table, String query, Row row) throws SQLException {
      if (tables.contains(table)) {
        each(query, row);
      }
    }

    private void each(String query, Row row) throws SQLException {
      try (var statement = connection.createStatement();
          var rows = statement.executeQuery(query)) {
        while (rows.next()) {
          row.read(rows);
        }
      }
    }
  }
}
