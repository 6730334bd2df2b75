package dev.kith.cli.console;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.cli.Kith;
import dev.kith.cli.Main;
import dev.kith.core.testing.Seeded;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that reach a terminal. */
class ScreenTest {
  /** Text that clears the screen, rings, sets the title by C1, and reverses the order of text. */
  private static final String HOSTILE =
      "a\u001b[2J\u0007\u009d0;t\u009c\u202eb\u2066\u2028\u007f\rc";

  private static final String SPELLED =
      "a\\u001b[2J\\u0007\\u009d0;t\\u009c\\u202eb\\u2066\\u2028\\u007f\\u000dc";

  @TempDir Path temp;

  private static String shown(String text, Charset charset) {
    var terminal = new ByteArrayOutputStream();
    try (var out = new PrintStream(new Screen(terminal, charset), true, charset)) {
      out.print(text);
    }
    return terminal.toString(charset);
  }

  @Test
  void print_whatSteersATerminal_isSpelledOut() {
    assertThat(shown(HOSTILE, UTF_8)).isEqualTo(SPELLED);
    assertThat(shown("lines\nand\ttabs, é, \ud83d\ude00", UTF_8))
        .isEqualTo("lines\nand\ttabs, é, \ud83d\ude00");
    assertThat(shown("\u009b2J", ISO_8859_1)).isEqualTo("\\u009b2J");
  }

  @Test
  void print_json_staysTheSameDocument() throws IOException {
    var json = new JsonMapper();
    var document = json.createObjectNode().put(HOSTILE, HOSTILE);
    var text = shown(document.toPrettyString(), UTF_8);
    assertThat(json.readTree(text)).isEqualTo(document);
    assertThat(text.replace("\n", "").chars()).noneMatch(Screen::isHidden);
  }

  @Test
  @ExtendWith(Seeded.class)
  void write_bytesInAnyParts_givesTheSame(SplittableRandom random) throws IOException {
    var bytes = (HOSTILE + "é\ud83d\ude00").repeat(2_000).getBytes(UTF_8);
    var terminal = new ByteArrayOutputStream();
    try (var screen = new Screen(terminal, UTF_8)) {
      for (int at = 0; at < bytes.length; ) {
        int part = Math.min(bytes.length - at, random.nextInt(1, 20_000));
        screen.write(bytes, at, part);
        at += part;
      }
      screen.flush();
    }
    assertThat(terminal.toString(UTF_8)).isEqualTo((SPELLED + "é\ud83d\ude00").repeat(2_000));
  }

  /** All text that a command prints, on a terminal made by {@code script}. */
  @Test
  @Timeout(120)
  void commands_onATerminal_printNothingThatSteersIt() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "no script command");
    var db = temp.resolve("db");
    var points =
        Files.writeString(
            temp.resolve("p.jsonl"),
            new JsonMapper()
                .createObjectNode()
                .put("id", HOSTILE)
                .set("payload", new JsonMapper().createObjectNode().put(HOSTILE, HOSTILE))
                .toString());
    Kith.run("create", "c", "--db", db, "--dim", 1, "--metric", "l2").done();
    Kith.run("import", "c", "--db", db, points).done();
    for (var arguments :
        List.of(
            List.of("get", "c", "--db", db.toString(), "missing" + HOSTILE),
            List.of("get", "c", "--db", db.toString(), HOSTILE),
            List.of("get", "c", "--db", db.toString(), HOSTILE, "--json"),
            List.of("stats", HOSTILE, "--db", db.toString()),
            List.of("no\u001b[2J"),
            List.of("import", "c", "--db", db.toString(), "/n\u009bone.jsonl"))) {
      var typescript = onATerminal(arguments);
      assertThat(typescript.replace("\r\n", "\n").codePoints().filter(c -> c != '\n'))
          .as(arguments.toString())
          .noneMatch(Screen::isHidden);
      assertThat(typescript).as(arguments.toString()).containsIgnoringCase("\\u00");
    }
  }

  private String onATerminal(List<String> arguments) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8"));
    command.addAll(
        List.of("-Dsun.jnu.encoding=UTF-8", "-Dkith.terminal=true", "-Dkith.terminal.out=true"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(arguments);
    var line = new StringBuilder();
    for (var word : command) {
      line.append('\'').append(word.replace("'", "'\\''")).append("' ");
    }
    var typescript = temp.resolve("typescript");
    var builder = new ProcessBuilder("/usr/bin/script", "-q", "-c", line.toString(), "/dev/null");
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.redirectErrorStream(true).redirectOutput(typescript.toFile());
    var process = builder.redirectInput(Path.of("/dev/null").toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(typescript, UTF_8);
  }
}
