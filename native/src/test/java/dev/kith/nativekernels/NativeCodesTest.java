package dev.kith.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.CodeKernel;
import dev.kith.core.kernel.CodeKernelContract;
import dev.kith.core.kernel.CodeQuery;
import dev.kith.core.kernel.Picks;
import dev.kith.core.kernel.ScalarCodes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Loops over row-major codes of every instruction set that this machine can run. */
@ParameterizedClass
@MethodSource("all")
class NativeCodesTest extends CodeKernelContract {
  private final NativeKernels kernels;

  NativeCodesTest(NativeKernels kernels) {
    this.kernels = kernels;
  }

  static List<NativeKernels> all() {
    return Variants.all();
  }

  @Override
  protected CodeKernel kernel() {
    return kernels;
  }

  /** Codes and terms end where a page ends that may not be touched. */
  @Test
  void estimate_memoryAtTheEndOfAPage_touchesNothingBehindIt(SplittableRandom random)
      throws Throwable {
    try (var codeMemory = new GuardedMemory(1 << 16);
        var termMemory = new GuardedMemory(1 << 12)) {
      for (int width = 128; width <= 1024; width += 128) {
        for (int n : new int[] {1, 2, 5, 33}) {
          var query = new CodeQuery(width);
          random.nextBytes(query.codes());
          query.scale(0.3f);
          var terms = termMemory.last(4L * n);
          for (int r = 0; r < n; r++) {
            terms.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * r, random.nextInt(1000) / 7f);
          }
          var found = new Picks(n);
          Arrays.setAll(found.rows(), i -> n - 1 - i);
          var expected = new Picks(n);
          Arrays.setAll(expected.rows(), i -> n - 1 - i);

          var codes = random(random, codeMemory.last((long) n * width));
          kernels.estimate8(query, codes, width, terms, found, n);
          new ScalarCodes().estimate8(query, codes, width, terms, expected, n);
          assertThat(found.estimates()).isEqualTo(expected.estimates());

          codes = random(random, codeMemory.last((long) n * width / 2));
          kernels.estimate4(query, codes, width / 2, terms, found, n);
          new ScalarCodes().estimate4(query, codes, width / 2, terms, expected, n);
          assertThat(found.estimates()).isEqualTo(expected.estimates());
        }
      }
    }
  }

  private static MemorySegment random(SplittableRandom random, MemorySegment codes) {
    for (long i = 0; i < codes.byteSize(); i++) {
      codes.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
    }
    return codes;
  }

  @Test
  void estimate_codesOrTermsOnTheHeap_areRefused() {
    try (var arena = Arena.ofConfined()) {
      var offHeap = arena.allocate(64, 64);
      var onHeap = MemorySegment.ofArray(new float[16]);
      var query = new CodeQuery(64);
      var term = offHeap.asSlice(0, 4);
      assertThatThrownBy(() -> kernels.estimate8(query, onHeap, 64, term, new Picks(1), 1))
          .hasMessage("rows and terms must be off-heap for loops in C");
      var termOnHeap = onHeap.asSlice(0, 4);
      assertThatThrownBy(() -> kernels.estimate8(query, offHeap, 64, termOnHeap, new Picks(1), 1))
          .hasMessage("rows and terms must be off-heap for loops in C");
    }
  }
}
