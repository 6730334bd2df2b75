package dev.kith.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example compiles and answers, in each way that a reader may start it. */
class ReadmeExampleTest {
  private static final String VECTORS = "--add-modules=jdk.incubator.vector";

  @TempDir Path folder;

  @Test
  void classPath_withTheVectorModule() throws Exception {
    var result = runOnClassPath(List.of(VECTORS));
    assertAnswer(result);
    assertThat(result.err()).doesNotContain("scalar");
  }

  @Test
  void classPath_withoutTheVectorModule_fallsBackAndSaysWhy() throws Exception {
    var result = runOnClassPath(List.of());
    assertAnswer(result);
    assertThat(result.err()).contains("scalar", VECTORS.replace('=', ' '));
  }

  @Test
  void modulePath_asANamedModule() throws Exception {
    var sources = Files.createDirectories(folder.resolve("src/example"));
    var classes = folder.resolve("classes");
    Files.writeString(sources.resolve("Example.java"), asOrdinaryClass(example()));
    var module = sources.resolveSibling("module-info.java");
    Files.writeString(module, "module example { requires dev.kith.db; requires dev.kith.embed; }");
    var compiled =
        Checkout.run(
            folder,
            List.of(
                Checkout.jdkTool("javac"),
                "-p",
                libraries(),
                "-d",
                classes.toString(),
                module.toString(),
                sources.resolve("Example.java").toString()));
    assertThat(compiled.exit()).as(compiled.err()).isZero();
    var result =
        Checkout.run(
            folder,
            List.of(
                Checkout.jdkTool("java"),
                "--enable-native-access=dev.kith.core,org.apache.lucene.core,com.microsoft.onnxruntime",
                "-p",
                libraries() + File.pathSeparator + classes,
                "-m",
                "example/example.Example"));
    assertAnswer(result);
    assertThat(result.err()).doesNotContain("scalar");
  }

  private Checkout.Result runOnClassPath(List<String> options) throws Exception {
    var source = Files.writeString(folder.resolve("Example.java"), example());
    var command = new ArrayList<>(List.of(Checkout.jdkTool("java")));
    command.addAll(options);
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", libraries()));
    command.add(source.toString());
    return Checkout.run(folder, command);
  }

  /** Asserts that the landmark among the texts comes first, of the two asked for. */
  private static void assertAnswer(Checkout.Result result) {
    assertThat(result.exit()).as(result.err()).isZero();
    assertThat(result.out().lines()).as(result.out()).hasSize(2);
    assertThat(result.out().lines().findFirst().orElseThrow()).contains("Parthenon");
    // A library that wants native access without leave would be warned about here.
    assertThat(result.err()).doesNotContain("--enable-native-access", "Exception");
  }

  /** The one Java program of the README. */
  private static String example() throws IOException {
    var readme = Files.readString(Checkout.root().resolve("README.md"));
    var programs =
        Pattern.compile("^```java\\R(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
            .matcher(readme)
            .results()
            .map(match -> match.group(1))
            .filter(code -> code.contains("void main"))
            .toList();
    assertThat(programs).as("Java programs in README.md").hasSize(1);
    return programs.getFirst();
  }

  /**
   * Turns a compact source file into a class: it has no package, so a named module cannot take it.
   */
  private static String asOrdinaryClass(String compact) {
    var parts =
        compact
            .lines()
            .collect(
                Collectors.partitioningBy(
                    line -> line.startsWith("import "), Collectors.joining("\n")));
    return "package example;\nimport module java.base;\n%s\npublic class Example {\n%s\n}\n"
        .formatted(parts.get(true), parts.get(false));
  }

  /**
   * Class path of a user of kith-db, kith-embed and the default model: jars, or folders of classes.
   */
  private static String libraries() {
    var wanted =
        Pattern.compile(
            "(core|embed|db)/target/classes|kith-(core|embed|db)-[0-9.]+\\.jar|lucene-core-.*"
                + "|onnxruntime-.*|jackson-.*|xz-.*|jspecify-.*|langchain4j-embeddings-.*");
    var path =
        Pattern.compile(File.pathSeparator, Pattern.LITERAL)
            .splitAsStream(System.getProperty("java.class.path"))
            .filter(entry -> wanted.matcher(entry.replace(File.separatorChar, '/')).find())
            .toList();
    assertThat(path).anyMatch(e -> e.contains("core")).anyMatch(e -> e.contains("langchain4j"));
    return String.join(File.pathSeparator, path);
  }
}
