package dev.kith.lab.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Programs of the peers: their sources come with the lab, are copied into a folder and built there
 * when first asked for. Nothing of them is on the class path of Kith.
 */
final class PeerPrograms {
  private static final String COPY =
      "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies";

  private final Path folder;
  private final @Nullable Path home;
  private final String python;
  private final String compiler;

  /**
   * Creates programs in a folder.
   *
   * @param folder folder for sources, programs and jars; made if it is not there
   * @param home folder with {@code mvnw}, which fetches jars; null if there is none
   * @param python Python that may have FAISS, by name or path
   * @param compiler C++ compiler, by name or path
   */
  PeerPrograms(Path folder, @Nullable Path home, String python, String compiler) {
    this.folder = folder.toAbsolutePath();
    this.home = home;
    this.python = python;
    this.compiler = compiler;
  }

  /** Builds hnswlib's program if it is not there, or its source changed. */
  List<String> hnswlib() throws ContestantException {
    try {
      boolean changed = unpack("hnswlib/peer.cpp");
      var program = folder.resolve("hnswlib/peer");
      if (changed || !Files.isExecutable(program)) {
        compile(folder.resolve("hnswlib/peer.cpp"), program);
      }
      return List.of(program.toString());
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void compile(Path source, Path program) throws IOException, ContestantException {
    var staged = Path.of(program + ".new");
    var command =
        List.of(
            compiler,
            "-O3",
            "-march=native",
            "-DNDEBUG",
            "-std=c++17",
            "-pthread",
            source.toString(),
            "-o",
            staged.toString());
    var said = new ArrayList<String>();
    int status;
    try {
      status = run(command, said);
    } catch (IOException e) {
      throw new ContestantException(
          "not installed: there is no C++ compiler %s; install one, and hnswlib's headers (Debian: apt-get install g++ libhnswlib-dev)"
              .formatted(compiler),
          e);
    }
    if (said.stream().anyMatch(line -> line.contains("hnswlib.h") && line.contains("No such"))) {
      throw new ContestantException(
          "not installed: hnswlib's headers are missing; install them (Debian: apt-get install"
              + " libhnswlib-dev)");
    }
    if (status != 0) {
      throw new ContestantException(
          "not installed: %s ended with status %d: %s"
              .formatted(compiler, status, firstError(said, "error")));
    }
    Files.move(staged, program, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Command that runs Lucene's program; fetches its jar. */
  List<String> lucene() throws ContestantException {
    return java("lucene", "10.6.0", "LucenePeer.java");
  }

  /** Command that runs JVector's program; fetches its jars. */
  List<String> jvector() throws ContestantException {
    return java("jvector", "4.0.2", "JVectorPeer.java");
  }

  /** Command that runs FAISS's program; it tells itself whether its Python has FAISS. */
  List<String> faiss() throws ContestantException {
    try {
      unpack("faiss/peer.py");
    } catch (IOException e) {
      throw unwritable(e);
    }
    return List.of(python, folder.resolve("faiss/peer.py").toString());
  }

  private List<String> java(String library, String version, String source)
      throws ContestantException {
    try {
      unpack("java/PeerProgram.java");
      unpack("java/" + source);
      var jars = folder.resolve("jars/%s-%s".formatted(library, version));
      if (!Files.isDirectory(jars)) {
        fetch(library, version, jars);
      }
      return List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "--add-modules",
          "jdk.incubator.vector",
          "--enable-native-access=ALL-UNNAMED",
          "-Dpeer.version=" + version,
          "-cp",
          jars.resolve("*").toString(),
          folder.resolve("java").resolve(source).toString());
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void fetch(String library, String version, Path jars)
      throws IOException, ContestantException {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    var wrapper = home == null ? null : home.resolve(windows ? "mvnw.cmd" : "mvnw");
    if (wrapper == null || !Files.isRegularFile(wrapper)) {
      throw new ContestantException(
          "not installed: no Maven wrapper to fetch %s %s with (system property kith.home names its folder); put its jars into %s"
              .formatted(library, version, jars));
    }
    unpack("java/%s.xml".formatted(library));
    var staged = Files.createDirectories(folder.resolve("jars/fetching-" + library));
    var said = new ArrayList<String>();
    var command =
        List.of(
            wrapper.toAbsolutePath().toString(),
            "-B",
            "-f",
            folder.resolve("java/%s.xml".formatted(library)).toString(),
            COPY,
            "-DincludeScope=runtime",
            "-Dpeer.version=" + version,
            "-DoutputDirectory=" + staged);
    int status = run(command, said);
    if (status != 0) {
      throw new ContestantException(
          "not installed: %s %s could not be fetched: %s; put its jars into %s"
              .formatted(library, version, firstError(said, "[ERROR]"), jars));
    }
    try (var fetched = Files.list(staged)) {
      if (fetched.noneMatch(file -> file.toString().endsWith(".jar"))) {
        throw new ContestantException(
            "not installed: Maven ended well but left no jar of %s %s; put its jars into %s"
                .formatted(library, version, jars));
      }
    }
    Files.move(staged, jars, StandardCopyOption.ATOMIC_MOVE);
  }

  private int run(List<String> command, List<String> said) throws IOException, ContestantException {
    var process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    try (var lines = process.inputReader(UTF_8)) {
      process.getOutputStream().close();
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
      }
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ContestantException("interrupted", e);
    } finally {
      process.destroy();
    }
  }

  private static String firstError(List<String> said, String mark) {
    return said.stream()
        .filter(line -> line.contains(mark))
        .findFirst()
        .or(() -> said.stream().findFirst())
        .orElse("it said nothing")
        .replace("[ERROR]", "")
        .strip();
  }

  /** Copies a source out of the lab's jar; returns whether it was not there like that before. */
  private boolean unpack(String name) throws IOException, ContestantException {
    byte[] bytes;
    try (InputStream source = PeerPrograms.class.getResourceAsStream(name)) {
      if (source == null) {
        throw new ContestantException(
            "not installed: %s is missing from kith-lab; build it again".formatted(name));
      }
      bytes = source.readAllBytes();
    }
    var target = folder.resolve(name);
    if (Files.isRegularFile(target) && Arrays.equals(Files.readAllBytes(target), bytes)) {
      return false;
    }
    Files.createDirectories(folder.resolve(name).resolveSibling(""));
    Files.write(target, bytes);
    return true;
  }

  private ContestantException unwritable(IOException e) {
    return new ContestantException(
        "not installed: programs of peers cannot be kept in %s: %s".formatted(folder, e), e);
  }
}
