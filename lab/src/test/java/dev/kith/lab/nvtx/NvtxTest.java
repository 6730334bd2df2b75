package dev.kith.lab.nvtx;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.lab.profile.NamedRange;
import dev.kith.lab.toolkit.CStandIn;
import dev.kith.lab.toolkit.ToolkitLibrary;
import dev.kith.lab.toolkit.ToolkitLibrary.MissingException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests with a C library in the place of NVTX's, and with NVTX's own where it is installed. */
class NvtxTest {
  private static final String WHOLE = " version=3 size=1 type=1 rest=0";

  @TempDir Path temp;

  @Test
  void push_nestedRanges_reachTheToolInTheirOrder() throws Exception {
    var fake = new Fake(temp, 0);
    var nvtx = Objects.requireNonNull(Nvtx.attached(fake.library()));
    nvtx.push("command", "kith bench");
    nvtx.push("kith", "größer");
    nvtx.push("kith", "inner");
    nvtx.pop("kith");
    nvtx.pop("kith");
    nvtx.pop("command");
    assertThat(fake.calls())
        .extracting(call -> call.substring(call.indexOf(' ') + 1))
        .containsExactly(
            "create kith",
            "create command",
            "push command kith bench" + WHOLE,
            "push kith größer" + WHOLE,
            "push kith inner" + WHOLE,
            "pop kith",
            "pop kith",
            "pop command");
  }

  /** Each push and its pop come from the thread of the range, while another's is open. */
  @Test
  void push_ofTwoThreads_isOfEachThread() throws Exception {
    var fake = new Fake(temp, 0);
    var nvtx = Objects.requireNonNull(Nvtx.attached(fake.library()));
    var bothOpen = new CyclicBarrier(2);
    Runnable work =
        () -> {
          nvtx.push("kith", Thread.currentThread().getName());
          try {
            bothOpen.await(30, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          nvtx.pop("kith");
        };
    var threads = List.of(new Thread(work, "one"), new Thread(work, "two"));
    threads.forEach(Thread::start);
    for (var thread : threads) {
      thread.join();
    }
    var calls = fake.calls();
    assertThat(calls).filteredOn(call -> call.contains("create")).hasSize(1);
    var one = number(calls, "push kith one" + WHOLE);
    var two = number(calls, "push kith two" + WHOLE);
    assertThat(one).isNotEqualTo(two);
    assertThat(calls).containsOnlyOnce(one + " pop kith", two + " pop kith");
  }

  private static String number(List<String> calls, String text) {
    var found = calls.stream().filter(call -> call.endsWith(" " + text)).toList();
    assertThat(found).as(text).hasSize(1);
    return found.getFirst().substring(0, found.getFirst().indexOf(' '));
  }

  @Test
  void attached_withoutATool_isNothing() throws Exception {
    var fake = new Fake(temp, 1);
    assertThat(Nvtx.attached(fake.library())).isNull();
    assertThat(fake.calls()).hasSize(1);
    assertThat(fake.calls().getFirst()).endsWith(" create kith");
  }

  /** This process is not watched, so nothing was loaded for it. */
  @Test
  void attached_here_isNothing() {
    assumeTrue(System.getenv(Nvtx.TOOL) == null, "a tool watches these tests");
    assertThat(Nvtx.attached()).isNull();
  }

  /** NVTX's own library hands our ranges to a tool, found as Nsight Systems lets it be found. */
  @Test
  void open_withNvtxAndATool_reachesTheTool() throws Exception {
    ToolkitLibrary nvtx;
    try {
      nvtx = ToolkitLibrary.find("libnvtx3interop", "KITH_NVTX", List.of("libnvtx3interop.so"));
    } catch (MissingException e) {
      assumeTrue(false, e.getMessage());
      throw e;
    }
    var tool = CStandIn.compile("nvtx_tool.c", temp.resolve("tool.so"));
    var log = temp.resolve("ranges");
    assertThat(watched(nvtx.place(), tool, log)).isEmpty();
    assertThat(log)
        .hasContent(
            """
            push command kith test
            push lab rung one
            pop lab\s
            push kith other thread
            pop kith\s
            pop command\s
            """);
  }

  @Test
  void open_toolButNoNvtx_runsAndSaysSo() throws Exception {
    var tool = CStandIn.compile("nvtx_tool.c", temp.resolve("tool.so"));
    assertThat(watched("/nowhere/libnvtx3interop.so", tool, temp.resolve("ranges")))
        .contains(
            "the tool of NVTX_INJECTION64_PATH=%s sees no ranges: KITH_NVTX must name"
                    .formatted(tool)
                + " libnvtx3interop.so: KITH_NVTX=/nowhere/libnvtx3interop.so cannot be loaded");
    assertThat(temp.resolve("ranges")).doesNotExist();
  }

  /** Output of {@link Watched}, run with a tool attached. */
  private String watched(String nvtx, Path tool, Path log) throws Exception {
    var output = temp.resolve("output");
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Watched.class.getName());
    builder.environment().put("KITH_NVTX", nvtx);
    builder.environment().put(Nvtx.TOOL, tool.toString());
    builder.environment().put("TOOL_LOG", log.toString());
    var process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends").isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    return Files.readString(output);
  }

  /** Program of the process that a tool watches. */
  static final class Watched {
    private Watched() {}

    public static void main(String[] arguments) throws Exception {
      try (var _ = NamedRange.open("kith test", "command")) {
        try (var _ = NamedRange.open("rung one", "lab")) {
          Thread.onSpinWait();
        }
        var other =
            new Thread(
                () -> {
                  try (var _ = NamedRange.open("other thread")) {
                    Thread.onSpinWait();
                  }
                });
        other.start();
        other.join();
      }
    }
  }

  /** Stand-in library, as if just loaded. */
  private static final class Fake {
    private final SymbolLookup symbols;

    @SuppressWarnings("restricted")
    Fake(Path temp, int withoutTool) throws Exception {
      var file = CStandIn.compile("fake_nvtx.c", temp.resolve("libnvtx3interop.so"));
      symbols = SymbolLookup.libraryLookup(file, Arena.global());
      try {
        Linker.nativeLinker()
            .downcallHandle(symbols.findOrThrow("fake_reset"), FunctionDescriptor.ofVoid(JAVA_INT))
            .invokeExact(withoutTool);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    NvtxLibrary library() {
      return new NvtxLibrary(symbols);
    }

    @SuppressWarnings("restricted")
    List<String> calls() {
      try {
        var text =
            (MemorySegment)
                Linker.nativeLinker()
                    .downcallHandle(symbols.findOrThrow("fake_log"), FunctionDescriptor.of(ADDRESS))
                    .invokeExact();
        return text.reinterpret(Long.MAX_VALUE).getString(0).lines().toList();
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
