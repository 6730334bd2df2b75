package dev.kith.lab.toolkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.lab.toolkit.ToolkitLibrary.MissingException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolkitLibraryTest {
  private static final List<String> NAMES = List.of("libkith-nowhere.so.7", "libkith-nowhere.so");

  @TempDir Path temp;

  @Test
  void find_namedByTheEnvironment_isThatFile() throws Exception {
    var file = CStandIn.compile("fake_nvtx.c", temp.resolve("any name.so"));
    var found = ToolkitLibrary.find("libx", "KITH_X", file.toString(), NAMES);
    assertThat(found.place()).isEqualTo(file.toString());
    assertThat(found.symbols().find("nvtxDomainRangePop")).isPresent();
  }

  @Test
  void find_none_saysWhereItWasSoughtAndWhatToDo() {
    assertThatThrownBy(() -> ToolkitLibrary.find("libx", "KITH_X", null, NAMES))
        .isInstanceOf(MissingException.class)
        .hasMessage(
            "libx was not found (LD_LIBRARY_PATH, CUDA_HOME, /usr/local/cuda); it comes with CUDA's"
                + " toolkit; or set KITH_X to the file");
  }

  /** A name that the environment gives is not passed over. */
  @Test
  void find_namedButNotThere_looksNowhereElse() {
    assertThatThrownBy(
            () -> ToolkitLibrary.find("libc", "KITH_X", "/nowhere/libc.so", List.of("libc.so.6")))
        .isInstanceOf(MissingException.class)
        .hasMessage("KITH_X must name libc.so: KITH_X=/nowhere/libc.so cannot be loaded");
  }
}
