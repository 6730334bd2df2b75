package dev.kith.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The command line, run in this JVM. */
public final class Kith {
  private static final JsonMapper STRICT =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** Result of a command. */
  public record Result(int exit, String out, String err) {

    /**
     * The one JSON document on standard output, without the number of its vocabulary; asserts that
     * this stands first, and that nothing else was written anywhere.
     */
    public JsonNode json() throws JsonProcessingException {
      assertThat(err).isEmpty();
      return unversioned(out);
    }

    /** Text output of a command; asserts that it did its work. */
    public String done() {
      assertThat(err).isEmpty();
      assertThat(exit).isZero();
      return out;
    }

    /**
     * The one line that says what was wrong with the input; asserts that the command refused it.
     */
    public String refused() {
      assertThat(err).startsWith("kith: ").endsWith(System.lineSeparator());
      assertThat(err.lines()).hasSize(1);
      assertThat(out).isEmpty();
      assertThat(exit).isEqualTo(2);
      return err.strip();
    }
  }

  private Kith() {}

  public static Result run(Object... arguments) {
    return run(Main.commandLine(), arguments);
  }

  public static Result run(CommandLine line, Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exit =
        line.setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    return new Result(exit, out.toString(), err.toString());
  }

  /** A document, without the number of its vocabulary; asserts that an object begins with it. */
  public static JsonNode unversioned(String text) throws JsonProcessingException {
    var document = STRICT.readTree(text);
    if (document instanceof ObjectNode object) {
      assertThat(fields(object)).first().isEqualTo("kith");
      assertThat(object.remove("kith").intValue()).isEqualTo(1);
    }
    return document;
  }

  /** The names of an object's fields. */
  public static List<String> fields(JsonNode object) {
    var names = new ArrayList<String>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  public static Path write(Path file, String... lines) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    return Files.write(file, List.of(lines), UTF_8);
  }

  /** The names of all files in a folder, sorted. */
  public static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
