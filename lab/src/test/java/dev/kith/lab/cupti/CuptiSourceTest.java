package dev.kith.lab.cupti;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Gpu;
import dev.kith.lab.profile.MemoryKind;
import dev.kith.lab.profile.Profile;
import dev.kith.lab.profile.Recorder;
import dev.kith.lab.toolkit.CStandIn;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests with a C library in CUPTI's place: its functions, its threads, made-up records. */
class CuptiSourceTest {
  private static final int KERNELS = 100_000;

  @TempDir Path temp;

  @Test
  void stop_recordsOfManyBuffers_areAllInTheProfile() throws Exception {
    var profile = record(new CuptiSource(fake()));
    assertThat(profile.each(Kernel.class)).hasSize(KERNELS);
    assertThat(profile.each(Kernel.class).map(Kernel::mangledName).distinct())
        .containsExactlyInAnyOrder("plain", "_Z4scanPKfi");
    assertThat(profile.each(Kernel.class).map(Kernel::name).distinct())
        .containsExactlyInAnyOrder("plain", "scan(float const*, int)");
    var copies = profile.each(Memcpy.class).toList();
    assertThat(copies).hasSize(1);
    assertThat(copies.getFirst().bytes()).isEqualTo(4096);
    assertThat(copies.getFirst().from()).isEqualTo(MemoryKind.PINNED);
    var memsets = profile.each(Memset.class).toList();
    assertThat(memsets).hasSize(1);
    assertThat(memsets.getFirst().bytes()).isEqualTo(512);
    assertThat(memsets.getFirst().memory()).isEqualTo(MemoryKind.DEVICE);
    assertThat(profile.each(Call.class).map(Call::name))
        .containsExactlyInAnyOrder("cuMemcpyHtoD_v2", "cuLaunchKernel_ptsz");
    assertThat(profile.gpus())
        .containsExactly(new Gpu(0, "Fake GPU", 80L << 30, 0, 0, 0, 132, 9, 0));
    // The library's clock is the time of day; the profile's counts from its beginning.
    var call = profile.each(Call.class).findFirst().orElseThrow();
    assertThat(call.start()).isBetween(-1_000_000L, profile.nanos() + 1_000_000_000L);
    assertThat(copies.getFirst().start() - call.start()).isEqualTo(100);
    assertThat(profile.notes()).contains("3 activities of the GPU were dropped by CUPTI");
  }

  @Test
  void isRecording_fromStartToStop_isTrue() throws Exception {
    var source = new CuptiSource(fake());
    assertThat(source.isRecording()).isFalse();
    var recorder = Recorder.start(List.of(source));
    assertThat(source.isRecording()).isTrue();
    recorder.stop(Map.of());
    assertThat(source.isRecording()).isFalse();
  }

  @Test
  void start_again_recordsAgain() throws Exception {
    var library = fake();
    assertThat(record(new CuptiSource(library)).each(Kernel.class)).hasSize(KERNELS);
    assertThat(record(new CuptiSource(library)).each(Kernel.class)).hasSize(KERNELS);
  }

  /** Libraries that cannot choose calls give them all. */
  @Test
  void stop_olderLibrary_hasEveryCall() throws Exception {
    assertThat(record(new CuptiSource(fake("-DOLD"))).each(Call.class).map(Call::name))
        .containsExactlyInAnyOrder(
            "cuInit", "cuMemcpyHtoD_v2", "cuEventRecord", "cuLaunchKernel_ptsz");
  }

  @Test
  void start_kindRefused_recordsNothingAndSaysWhy() throws Exception {
    var source = new CuptiSource(fake("-DREFUSED=2"));
    var recorder = Recorder.start(List.of(source));
    assertThat(source.isRecording()).isFalse();
    var profile = recorder.stop(Map.of());
    assertThat(profile.activities()).isEmpty();
    assertThat(profile.gpus()).isEmpty();
    assertThat(profile.notes())
        .containsExactly(
            "no GPU activity is recorded: cuptiActivityEnable(2) gave"
                + " CUPTI_ERROR_INVALID_PARAMETER");
  }

  /** On any machine either there is a GPU, or the reason is a sentence. */
  @Test
  void unavailable_here_saysWhyOrNothing() {
    assertThat(new CuptiSource().unavailable())
        .satisfiesAnyOf(
            reason -> assertThat(reason).isEmpty(),
            reason ->
                assertThat(reason)
                    .hasValueSatisfying(
                        text ->
                            assertThat(text)
                                .startsWith("no GPU activity is recorded: ")
                                .hasLineCount(1)));
  }

  private static Profile record(CuptiSource source) throws IOException {
    assertThat(source.unavailable()).isEmpty();
    return Recorder.start(List.of(source)).stop(Map.of());
  }

  @SuppressWarnings("restricted")
  private CuptiLibrary fake(String... options) throws Exception {
    var library = CStandIn.compile("fake_cupti.c", temp.resolve("libcupti.so"), options);
    return new CuptiLibrary(SymbolLookup.libraryLookup(library, Arena.global()));
  }
}
