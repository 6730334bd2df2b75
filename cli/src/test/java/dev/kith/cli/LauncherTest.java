package dev.kith.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The launcher itself, in a make-believe project: its mvnw notes that it was called, and its JDKs'
 * java prints what it was started with. The folder has a space in its name.
 */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String BUILD = "-B -ntp -Dkith.run -Dmaven.test.skip -pl cli -am package";

  @TempDir Path temp;

  private Path project;
  private Path system;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void makeProject() throws IOException {
    project = Files.createDirectories(temp.resolve("a project"));
    system = Files.createDirectories(temp.resolve("system"));
    Files.copy(Checkout.root().resolve("kith"), project.resolve("kith"));
    executable(project.resolve("kith"), Files.readString(project.resolve("kith")));
    executable(
        project.resolve("mvnw"),
        """
        #!/bin/sh
        echo "$JAVA_HOME $*" >>builds
        [ ! -f broken ] || { echo "the compiler's complaint"; exit 1; }
        echo "[INFO] Building Kith 0.1.0 [1/3]"
        echo "[INFO] Building kith-core 0.1.0 [2/3]"
        echo "[INFO] Building jar: kith-core.jar"
        echo "[INFO] Building kith-cli 0.1.0 [3/3]"
        sleep 0.2
        mkdir -p cli/target/run/lib
        echo jar >cli/target/run/kith-cli.jar
        """);
    for (var module : List.of(".", "core", "cli")) {
      Files.createDirectories(project.resolve(module).resolve("src/main/java"));
      Files.writeString(project.resolve(module).resolve("pom.xml"), "<project/>");
    }
    Files.writeString(source(), "class A {}");
    makeOld(project);

    environment.put("PATH", "/usr/bin:/bin");
    environment.put("HOME", temp.resolve("home").toString());
    environment.put("KITH_SYSTEM_ROOT", system.toString());
    // The machine's own PATH must not decide: a JDK that is too old hides it.
    environment.put("JAVA_HOME", jdk(temp.resolve("jdk17"), "17.0.15").toString());
  }

  @Test
  void noJdk_saysInOneLineWhatToInstall() throws Exception {
    environment.put("PATH", "/nowhere");
    var result = kith("--version");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err())
        .startsWith("kith: no JDK 25 or newer found")
        .contains("apt-get install");
  }

  @Test
  void kithJavaHome_tooOld_isAnError() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    environment.put("KITH_JAVA_HOME", environment.get("JAVA_HOME"));
    var result = kith("--version");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err())
        .contains("KITH_JAVA_HOME=" + environment.get("JAVA_HOME"), "version=17.0.15");
  }

  @Test
  void kithJavaHome_noJdkThere_isAnError() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    environment.put("KITH_JAVA_HOME", temp.resolve("nothing").toString());
    var result = kith("--version");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.err()).contains("KITH_JAVA_HOME=" + temp.resolve("nothing"), "version=none");
  }

  @Test
  void jdk_explicitChoicesFirst_thenTheOldestThatServes() throws Exception {
    environment.put("PATH", toolsWithoutJava().toString());
    usualJdk("a-27", "27");
    usualJdk("b-26", "26-ea");
    usualJdk("c-9", "9.0.4");
    usualJdk("d-8", "1.8.0_402");
    assertThat(javaOf(kith("--version"))).endsWith("b-26");

    environment.put("JAVA_HOME", jdk(temp.resolve("mine"), "28").toString());
    assertThat(javaOf(kith("--version"))).endsWith("mine");

    environment.put("KITH_JAVA_HOME", jdk(temp.resolve("kith's own"), "29").toString());
    assertThat(javaOf(kith("--version"))).endsWith("kith's own");
  }

  @Test
  void jdk_onPath_throughALink() throws Exception {
    var tools = toolsWithoutJava();
    environment.put("PATH", tools.toString());
    var home = jdk(temp.resolve("elsewhere"), "25.0.1");
    Files.createSymbolicLink(tools.resolve("javac"), home.resolve("bin/javac"));
    assertThat(javaOf(kith("--version"))).endsWith("elsewhere");
  }

  @Test
  void jdk_ofAVersionManager() throws Exception {
    environment.put("PATH", toolsWithoutJava().toString());
    jdk(temp.resolve("home/.sdkman/candidates/java/25.0.1-tem"), "25.0.1");
    assertThat(javaOf(kith("--version"))).endsWith("25.0.1-tem");
  }

  @Test
  void build_onFirstUseAndWhenSourcesChange_onlyThen() throws Exception {
    var home = usualJdk("temurin-25", "25.0.1");
    var first = kith("--version");
    assertThat(first.err().lines())
        .containsExactly(
            "building what this machine needs (first run or changed sources); a line for each"
                + " module:",
            "  core",
            "  cli");
    assertThat(builds()).containsExactly(home + " -Dkith.nvcc=none " + BUILD);
    assertThat(project.resolve("target/kith.log")).content().contains("Building jar: kith-core");
    assertThat(kith("--version").err()).isEmpty();
    assertThat(builds()).hasSize(1);

    Files.writeString(source(), "class A { int changed; }");
    assertThat(kith("--version").err()).startsWith("building");
    assertThat(kith("--version").err()).isEmpty();
    assertThat(builds()).hasSize(2);

    Files.delete(source());
    assertThat(kith("--version").err()).startsWith("building");
    assertThat(kith("--version").err()).isEmpty();
    assertThat(builds()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "native/src/main/c, cc, native/target/run/classes/dev/kith/nativekernels/amd64/libkith.so",
    "cuda/src/main/cuda, nvcc, cuda/target/run/classes/dev/kith/cuda/kernels/a.fatbin"
  })
  void build_compilerThatWasMissing_buildsAgainUntilThereIsWhatItMakes(
      String sources, String compiler, String made) throws Exception {
    usualJdk("temurin-25", "25.0.1");
    environment.put("PATH", toolsWithoutJava().toString());
    driver();
    Files.createDirectories(project.resolve(sources));
    makeOld(project.resolve(sources));
    assertThat(kith("--version").err()).startsWith("building");
    assertThat(kith("--version").err()).isEmpty();

    executable(temp.resolve("tools").resolve(compiler), "#!/bin/sh\n");
    assertThat(kith("--version").err()).startsWith("building");
    Files.createDirectories(project.resolve(made).getParent());
    Files.createFile(project.resolve(made));
    assertThat(kith("--version").err()).isEmpty();
  }

  @Test
  void build_nvccInItsUsualFolder_isFoundThere() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    environment.put("PATH", toolsWithoutJava().toString());
    driver();
    Files.createDirectories(project.resolve("cuda/src/main/cuda"));
    makeOld(project.resolve("cuda"));
    kith("--version");
    assertThat(kith("--version").err()).isEmpty();
    var folder = Files.createDirectories(system.resolve("usr/local/cuda/bin"));
    executable(folder.resolve("nvcc"), "#!/bin/sh\n");
    assertThat(kith("--version").err()).startsWith("building");
  }

  @Test
  void build_noDriver_asksForNoKernelsThoughThereIsACompiler() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    environment.put("PATH", toolsWithoutJava().toString());
    executable(temp.resolve("tools/nvcc"), "#!/bin/sh\n");
    Files.createDirectories(project.resolve("cuda/src/main/cuda"));
    makeOld(project.resolve("cuda"));
    kith("--version");
    assertThat(kith("--version").err()).isEmpty();
    assertThat(builds()).singleElement().asString().endsWith(" -Dkith.nvcc=none " + BUILD);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "9.0 9.0       | -Dkith.gpus=-gencode arch=compute_90,code=sm_90",
        "8.6 12.0      | -Dkith.gpus=-gencode arch=compute_86,code=sm_86 -gencode"
            + " arch=compute_120,code=sm_120",
        "9.0 99.0      | ''",
        "No devices    | ''",
      })
  void build_driver_asksForItsKindsOfGpuAlone(String told, String expected) throws Exception {
    var home = usualJdk("temurin-25", "25.0.1");
    environment.put("PATH", toolsWithoutJava().toString());
    driver();
    executable(temp.resolve("tools/nvidia-smi"), "#!/bin/sh\nprintf '%s\\n' " + told + "\n");
    kith("--version");
    String gpus = expected.isEmpty() ? "" : expected + " ";
    assertThat(builds()).containsExactly("%s %s%s".formatted(home, gpus, BUILD));
  }

  private void driver() throws IOException {
    Files.createDirectories(system.resolve("dev"));
    Files.createFile(system.resolve("dev/nvidiactl"));
  }

  @Test
  void build_failed_showsItsOutputAndIsTriedAgain() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    Files.createFile(project.resolve("broken"));
    for (int attempt = 1; attempt <= 2; attempt++) {
      var result = kith("--version");
      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).contains("the compiler's complaint", "kith: the build failed");
      assertThat(builds()).hasSize(attempt);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void firstStartsAtOnce_buildOnce(boolean flock) throws Exception {
    usualJdk("temurin-25", "25.0.1");
    environment.put("PATH", toolsWithoutJava().toString());
    if (!flock) Files.deleteIfExists(temp.resolve("tools/flock"));
    var running = new ArrayList<Checkout.Running>();
    for (int i = 0; i < 4; i++) running.add(Checkout.start(command(project.resolve("kith"), "-V")));
    for (var each : running) assertThat(Checkout.finish(each).exit()).isZero();
    assertThat(builds()).hasSize(1);
  }

  @Test
  void java_replacesTheLauncher_soThatSignalsReachIt() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    var result = kith("eval", "two words", "");
    assertThat(result.out()).contains("pid " + result.pid() + "\n");
    assertThat(result.out()).endsWith("<eval>\n<two words>\n<>\n");
  }

  @Test
  void vectorModule_forCommandsThatNeedIt() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    var module = "<--add-modules=jdk.incubator.vector>";
    for (var line :
        List.of(
            "",
            "--version",
            "--help",
            "help",
            "help demo",
            "demo --help",
            "serch c text",
            "get c 1",
            "list",
            "stats c",
            "count c",
            "facet c lang",
            "browse c",
            "drop c --yes",
            "create c",
            "import c a.jsonl",
            "optimize c")) {
      assertThat(kith(line.isEmpty() ? new String[0] : line.split(" ", -1)).out())
          .as(line)
          .contains("kith-cli.jar")
          .doesNotContain(module);
    }
    for (var line :
        List.of("demo", "doctor --json", "search c text", "recommend c 1", "verify c", "bench")) {
      assertThat(kith(line.split(" ", -1)).out()).as(line).contains(module);
    }
  }

  @Test
  void startedThroughLinksFromAnotherFolder() throws Exception {
    usualJdk("temurin-25", "25.0.1");
    var bin = Files.createDirectories(temp.resolve("some/bin"));
    Files.createSymbolicLink(temp.resolve("some/link"), project.resolve("kith"));
    Files.createSymbolicLink(bin.resolve("kith"), Path.of("../link"));
    var result = Checkout.finish(Checkout.start(command(bin.resolve("kith"), "demo")));
    assertThat(result.out()).contains("<-Dkith.home=" + project.toRealPath() + ">");
  }

  private Checkout.Result kith(String... arguments) throws IOException, InterruptedException {
    return Checkout.finish(Checkout.start(command(project.resolve("kith"), arguments)));
  }

  private ProcessBuilder command(Path launcher, String... arguments) {
    var command = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).directory(temp.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder;
  }

  private Path source() {
    return project.resolve("core/src/main/java/A.java");
  }

  private List<String> builds() throws IOException {
    return Files.readAllLines(project.resolve("builds"));
  }

  private static String javaOf(Checkout.Result result) {
    return result.out().lines().findFirst().orElse("");
  }

  private Path usualJdk(String name, String version) throws IOException {
    return jdk(system.resolve("usr/lib/jvm").resolve(name), version);
  }

  private static Path jdk(Path home, String version) throws IOException {
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(
        home.resolve("release"), "IMPLEMENTOR=\"Us\"\nJAVA_VERSION=\"%s\"\n".formatted(version));
    executable(home.resolve("bin/javac"), "#!/bin/sh\n");
    executable(
        home.resolve("bin/java"),
        """
        #!/bin/sh
        echo "${0%/bin/java}"
        echo "pid $$"
        for argument in "$@"; do echo "<$argument>"; done
        """);
    return home;
  }

  /** A folder with the tools of the launcher and of the make-believe mvnw, but no java. */
  private Path toolsWithoutJava() throws IOException {
    var tools = Files.createDirectories(temp.resolve("tools"));
    for (var tool : List.of("cat", "find", "flock", "mkdir", "mv", "readlink", "rm", "sleep")) {
      for (var folder : List.of("/usr/bin", "/bin")) {
        var file = Path.of(folder, tool);
        if (Files.exists(file) && !Files.exists(tools.resolve(tool))) {
          executable(tools.resolve(tool), "#!/bin/sh\nexec %s \"$@\"\n".formatted(file));
        }
      }
    }
    return tools;
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Sources are older than the first build, as in a real checkout. */
  private static void makeOld(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (var file : (Iterable<Path>) files::iterator) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
      }
    }
  }
}
