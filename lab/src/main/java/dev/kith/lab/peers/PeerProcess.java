package dev.kith.lab.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.search.Effort;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Contestant in a process of its own, which speaks the protocol of {@code lab/peers/README.md}: a
 * line asks, a line answers. Whatever it does, nothing but a {@link ContestantException} comes of
 * it.
 */
final class PeerProcess implements Contestant {
  private static final double NANOS = 1e9;
  private static final int SHOWN = 60;

  /** Way to get the command line, which may have to build the program first. */
  @FunctionalInterface
  interface Program {
    /** The command line. */
    List<String> command() throws ContestantException;
  }

  /**
   * What a peer is told.
   *
   * @param k neighbours
   * @param threads threads of the build
   * @param limit longest time that a build, or a piece, may take
   */
  record Settings(int k, int threads, Duration limit) {}

  private final String name;
  private final Program program;
  private final String building;
  private final PeerData data;
  private final Settings settings;
  private final List<Effort> efforts;

  /** Lines of the process; an empty one is its end. */
  private final LinkedBlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

  private @Nullable Process process;
  private @Nullable Writer requests;
  private @Nullable Path errors;

  /**
   * Creates one that is not started yet.
   *
   * @param building settings of the build, {@code key=value}, separated by tabs
   */
  PeerProcess(
      String name,
      Program program,
      String building,
      PeerData data,
      Settings settings,
      List<Effort> efforts) {
    this.name = name;
    this.program = program;
    this.building = building;
    this.data = data;
    this.settings = settings;
    this.efforts = List.copyOf(efforts);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Effort> efforts() {
    return efforts;
  }

  @Override
  public Built build() throws ContestantException {
    start(program.command());
    var loaded =
        ask(
            "loaded",
            4,
            "load",
            path(data.rowsFile()),
            path(data.queriesFile()),
            data.metric().toString().toLowerCase(Locale.ROOT),
            String.valueOf(settings.k),
            String.valueOf(settings.threads));
    var expected =
        List.of(
            String.valueOf(data.rows().size()),
            String.valueOf(data.rows().dimension()),
            String.valueOf(data.queries().size()));
    if (!loaded.subList(0, 3).equals(expected)) {
      throw new ContestantException(
          "it loaded other data: rows, dimension, queries=%s, expected %s"
              .formatted(loaded.subList(0, 3), expected));
    }
    var built = ask("built", 2, "build", building);
    return new Built(
        loaded.get(3), number("built", built.get(0)) / NANOS, number("built", built.get(1)));
  }

  @Override
  public Answer search(Effort effort, int from, int to) throws ContestantException {
    if (!(effort instanceof Effort.Beam(int width))) {
      throw new ContestantException("peers know a beam's width alone: " + effort);
    }
    var fields =
        ask(
            "found",
            1 + to - from,
            "search",
            String.valueOf(width),
            String.valueOf(from),
            String.valueOf(to));
    var rows = new ArrayList<long[]>();
    for (var list : fields.subList(1, fields.size())) {
      var words = list.isEmpty() ? new String[0] : list.split(",", -1);
      var found = new long[words.length];
      for (int rank = 0; rank < found.length; rank++) {
        found[rank] = number("found", words[rank]);
      }
      rows.add(found);
    }
    return new Answer(rows, number("found", fields.get(0)) / NANOS);
  }

  private void start(List<String> command) throws ContestantException {
    try {
      errors = Files.createTempFile("kith-peer", ".err");
      var started = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      process = started;
      requests = started.outputWriter(UTF_8);
      Thread.ofVirtual().name("kith-peer-" + name).start(() -> read(started));
    } catch (IOException e) {
      throw new ContestantException(
          "not installed: %s cannot be started (%s)".formatted(command.getFirst(), e.getMessage()),
          e);
    }
  }

  private void read(Process from) {
    try (var answers = from.inputReader(UTF_8)) {
      for (var line = answers.readLine(); line != null; line = answers.readLine()) {
        lines.add(Optional.of(line));
      }
    } catch (IOException e) {
      // The pipe broke, as it does when the process is destroyed: the end, too.
    }
    lines.add(Optional.empty());
  }

  /** Sends a request and returns the fields of the answer after its first word. */
  private List<String> ask(String expected, int fields, String... request)
      throws ContestantException {
    var to = requests;
    if (to == null) {
      throw new ContestantException("it was not started, or was closed");
    }
    try {
      to.write(String.join("\t", request) + "\n");
      to.flush();
    } catch (IOException e) {
      // It ended; what it left on its standard output and its status say why.
    }
    var line = next();
    var words = Arrays.asList(line.split("\t", -1));
    if (words.getFirst().equals("failed") && words.size() == 2) {
      throw new ContestantException(words.get(1));
    }
    if (!words.getFirst().equals(expected) || words.size() != fields + 1) {
      throw new ContestantException(
          "it answered %s, expected %s and %d fields".formatted(shown(line), expected, fields));
    }
    return words.subList(1, words.size());
  }

  private String next() throws ContestantException {
    try {
      var line = lines.poll(settings.limit.toMillis(), TimeUnit.MILLISECONDS);
      if (line == null) {
        throw new ContestantException(
            "it did not answer within %d s".formatted(settings.limit.toSeconds()));
      }
      if (line.isEmpty()) {
        lines.add(line); // it stays ended
        throw new ContestantException(ended());
      }
      return line.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ContestantException("interrupted", e);
    }
  }

  private String ended() throws InterruptedException {
    var over = process;
    if (over == null || !over.waitFor(10, TimeUnit.SECONDS)) {
      return "it closed its output without an answer";
    }
    return "it ended with status %d: %s".formatted(over.exitValue(), lastWords());
  }

  private String lastWords() {
    var file = errors;
    try {
      var text = file == null ? "" : new String(Files.readAllBytes(file), UTF_8);
      return text.strip().lines().reduce((first, last) -> last).orElse("it said nothing").strip();
    } catch (IOException e) {
      return "what it said cannot be read: " + e.getMessage();
    }
  }

  private static long number(String answer, String word) throws ContestantException {
    try {
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      throw new ContestantException(
          "it answered %s with %s, expected a whole number".formatted(answer, shown(word)), e);
    }
  }

  private static String shown(String text) {
    return '"' + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...") + '"';
  }

  private static String path(Path file) throws ContestantException {
    var path = file.toAbsolutePath().toString();
    if (path.contains("\t") || path.contains("\n")) {
      throw new ContestantException("a path of data must hold no tab and no line end: " + path);
    }
    return path;
  }

  @Override
  public void close() {
    var running = process;
    process = null;
    requests = null;
    try {
      if (running != null) {
        running.destroy();
        if (!running.waitFor(5, TimeUnit.SECONDS)) {
          running.destroyForcibly().waitFor();
        }
      }
      if (errors != null) {
        Files.deleteIfExists(errors);
        errors = null;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // A file of a few lines stays in the temporary folder.
    }
  }
}
