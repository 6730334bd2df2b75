package dev.kith.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.backend.ExactSearchContract;
import dev.kith.core.kernel.Kernels;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Exact search over float32 rows, and the choice of kernels on this machine. */
class NativeBackendTest extends ExactSearchContract {
  @Override
  protected Backend backend() {
    return new NativeBackend(Variants.all().getFirst());
  }

  @Test
  void choose_whereThereIsALibrary_isNative() {
    var best = Variants.all().getFirst();
    assumeTrue(best.tileQueries() > 1, "this processor has neither AVX2 nor dot products");
    assertThat(Backends.choose(null).name()).isEqualTo("native");
    assertThat(Backends.statuses().getFirst())
        .isEqualTo(new Backends.Status("native", true, reason(best), "passed"));
  }

  @Test
  void choice_off_saysSo() {
    var choice = NativeBackend.Choice.of("off");
    assertThat(choice.kernels()).isNull();
    assertThat(choice.reason()).isEqualTo("switched off by -Dkith.native=off");
  }

  @Test
  void choice_byName_takesIt() {
    for (var kernels : Variants.all()) {
      var choice = NativeBackend.Choice.of(kernels.name());
      assertThat(choice.kernels()).isNotNull();
      assertThat(choice.reason()).isEqualTo(reason(kernels));
    }
  }

  @Test
  void choice_unknownName_listsTheKnown() {
    String names =
        Variants.all().stream().map(NativeKernels::name).collect(Collectors.joining(", "));
    assertThat(NativeBackend.Choice.of("abacus").reason())
        .isEqualTo(
            "-Dkith.native=abacus names no kernels of this machine; known are off, " + names);
  }

  @Test
  void choice_onlyPortableKernels_leavesItToJava() {
    var portable = Variants.named("portable");
    var choice = NativeBackend.Choice.among(List.of(portable), null);
    assertThat(choice.kernels()).isNull();
    assertThat(choice.reason())
        .isEqualTo("the C kernels for this processor (portable) are no faster than Java's");
    assertThat(NativeBackend.Choice.among(List.of(portable), "portable").kernels())
        .isSameAs(portable);
  }

  @Test
  void load_everywhere_endsWithThePortableKernels() {
    assertThat(Variants.all().getLast().name()).isEqualTo("portable");
  }

  private static String reason(NativeKernels kernels) {
    return "C kernels %s for shadows; float32 rows by %s"
        .formatted(kernels.name(), Kernels.inJava().rows().name());
  }
}
