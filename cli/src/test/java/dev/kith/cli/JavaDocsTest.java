package dev.kith.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/java.md shows, from its top to its end. */
class JavaDocsTest {
  private static final int MOST_LINES = 14;

  @TempDir Path folder;

  private record Block(String kind, String content) {}

  @Test
  void programsOfThePage_printWhatItSays() throws Exception {
    var blocks = blocks();
    var imports = blocks.removeFirst();
    assertThat(imports.kind).isEqualTo("java imports");
    var source = new StringBuilder(imports.content).append("public class Page {\n");
    for (int i = 0; i < blocks.size(); i += 2) {
      assertThat(blocks.get(i).kind).isEqualTo("java");
      assertThat(blocks.get(i + 1).kind).as(blocks.get(i).content).isEqualTo("text");
      assertThat(blocks.get(i).content.lines()).hasSizeLessThanOrEqualTo(MOST_LINES);
      source
          .append("  public static void task%d() throws Exception {\n".formatted(i / 2))
          .append(placed(blocks.get(i).content))
          .append("  }\n");
    }
    assertThat(blocks).hasSizeGreaterThan(20);
    compile(source.append("}\n").toString());
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      var page = loader.loadClass("Page");
      for (int i = 0; i < blocks.size(); i += 2) {
        var task = page.getMethod("task" + i / 2);
        var printed =
            printed(
                () -> {
                  task.invoke(null);
                  return true;
                });
        assertThat(printed).as(blocks.get(i).content).isEqualTo(blocks.get(i + 1).content);
      }
    }
  }

  /** The program, whose folders lie in the test's. */
  private String placed(String program) {
    String base = folder.toString().replace("\\", "\\\\");
    return program.replace("Path.of(\"my-", "Path.of(\"" + base + "\", \"my-");
  }

  private void compile(String source) throws IOException {
    var file = Files.writeString(folder.resolve("Page.java"), source);
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                file.toString());
    assertThat(status).as("javac").isZero();
  }

  private interface Task {
    boolean run() throws Exception;
  }

  private static String printed(Task task) throws Exception {
    var out = System.out;
    var bytes = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(bytes, true, UTF_8));
      assertThat(task.run()).isTrue();
    } finally {
      System.setOut(out);
    }
    return bytes.toString(UTF_8).replace(System.lineSeparator(), "\n");
  }

  private static List<Block> blocks() throws IOException {
    var page = Files.readString(Checkout.root().resolve("docs/java.md"));
    return new ArrayList<>(
        Pattern.compile("^```(\\w[\\w ]*)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
            .matcher(page)
            .results()
            .map(match -> new Block(match.group(1), match.group(2)))
            .toList());
  }
}
