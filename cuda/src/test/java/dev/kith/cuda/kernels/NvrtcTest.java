package dev.kith.cuda.kernels;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.FakeCuda;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** libnvrtc: a stand-in everywhere, the real one where it is found. */
class NvrtcTest {
  private static final Path SOURCES = Path.of("src/main/cuda");

  @TempDir Path temp;

  private static Nvrtc fake() throws CudaUnavailableException {
    return Nvrtc.find(FakeCuda.library("fakenvrtc.c").toString(), 13000);
  }

  private static Nvrtc real() {
    try {
      return Nvrtc.find(System.getProperty(Nvrtc.LIBRARY), 13000);
    } catch (CudaUnavailableException e) {
      assumeTrue(false, e.reason());
      throw new AssertionError(e);
    }
  }

  @Test
  void find_namedFileNoLibrary_saysWhichOption() throws IOException {
    var missing = temp.resolve("libnvrtc.so").toString();
    var text = Files.writeString(temp.resolve("text.so"), "text").toString();
    for (var file : List.of(missing, text)) {
      assertThatThrownBy(() -> Nvrtc.find(file, 13000))
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessage(
              "%s, which -Dkith.cuda.nvrtc names, is no library that can be loaded"
                  .formatted(file));
    }
  }

  @Test
  void find_anotherLibrary_saysWhatItLacks() {
    var other = FakeCuda.library("fakecuda.c").toString();
    assertThatThrownBy(() -> Nvrtc.find(other, 13000))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessageStartingWith(other + " is no usable libnvrtc: nvrtcVersion cannot be called")
        .hasMessageContaining("nvrtcVersion");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void find_nowhere_saysWhereItLooked() {
    assertThatThrownBy(() -> Nvrtc.search(List.of("libnvrtc.so.1313")))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage("libnvrtc was not found (libnvrtc.so.1313; -Dkith.cuda.nvrtc=FILE names it)");
  }

  @Test
  void names_ofADriver_areItsMajorAndOlder() {
    assertThat(Nvrtc.names(13000))
        .containsExactly("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so");
    assertThat(Nvrtc.names(12040)).containsExactly("libnvrtc.so.12", "libnvrtc.so");
  }

  @Test
  void target_ofADevice_isMachineCodeOrTheNewestPtxBelow() throws Exception {
    var nvrtc = fake();
    assertThat(nvrtc.version()).isEqualTo("12.4");
    assertThat(nvrtc.target(90)).isEqualTo("sm_90");
    assertThat(nvrtc.target(89)).isEqualTo("compute_80");
    assertThat(nvrtc.target(120)).isEqualTo("compute_90");
    assertThatThrownBy(() -> nvrtc.target(70))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage("libnvrtc 12.4 knows nothing for compute capability 7.0");
  }

  static List<Path> sources() throws IOException {
    try (var files = Files.list(SOURCES)) {
      return files.filter(file -> file.toString().endsWith(".cu")).sorted().toList();
    }
  }

  /** The kernels need no header of the host, so they compile as the jar carries them. */
  @ParameterizedTest
  @MethodSource("sources")
  void compile_everyShippedSource_givesMachineCodeAndPtx(Path source) throws Exception {
    var nvrtc = real();
    var headers = new HashMap<String, String>();
    try (var files = Files.list(SOURCES)) {
      for (var file : (Iterable<Path>) files::iterator) {
        headers.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    var name = source.getFileName().toString();
    var text = Files.readString(source);
    var suffix = name.endsWith("_sm90a.cu") ? "90a" : "90";
    byte[] cubin = nvrtc.compile(name, text, headers, "sm_" + suffix);
    assertThat(new String(cubin, 0, 4, ISO_8859_1)).isEqualTo("\u007fELF");
    byte[] ptx = nvrtc.compile(name, text, headers, "compute_" + suffix);
    assertThat(new String(ptx, ISO_8859_1)).contains(".target sm_" + suffix, ".visible .entry");
  }

  @Test
  void compile_error_isTheFirstComplaint() {
    var nvrtc = real();
    assertThatThrownBy(
            () -> nvrtc.compile("x.cu", "\n__device__ int f() { return g(); }", Map.of(), "sm_90"))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage(
            "libnvrtc %s cannot compile x.cu for sm_90 (NVRTC_ERROR_COMPILATION): x.cu(2): error: identifier \"g\" is undefined"
                .formatted(nvrtc.version()));
  }
}
