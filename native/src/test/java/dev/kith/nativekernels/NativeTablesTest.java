package dev.kith.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.BlockHits;
import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.ScalarTables;
import dev.kith.core.kernel.TableKernel;
import dev.kith.core.kernel.TableKernelContract;
import dev.kith.core.kernel.TableQuery;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Loops over blocks of codes of every instruction set that this machine can run. */
@ParameterizedClass
@MethodSource("all")
class NativeTablesTest extends TableKernelContract {
  private final NativeKernels kernels;

  NativeTablesTest(NativeKernels kernels) {
    this.kernels = kernels;
  }

  static List<NativeKernels> all() {
    return Variants.all();
  }

  @Override
  protected TableKernel kernel() {
    return kernels;
  }

  /** Blocks and filters end where a page ends that may not be touched. */
  @Test
  void scan_memoryAtTheEndOfAPage_touchesNothingBehindIt(SplittableRandom random) throws Throwable {
    try (var blockMemory = new GuardedMemory(1 << 16);
        var filterMemory = new GuardedMemory(1 << 12)) {
      for (int bits : new int[] {4, 8}) {
        for (int groups : new int[] {4, 12, 96}) {
          for (int terms : new int[] {0, 1, 3}) {
            var shape = new CodeBlocks.Shape(bits, groups, bits == 4 ? 2 : 1, terms);
            var blocks = CodeBlocks.over(blockMemory.last(shape.bytes(70)), shape);
            for (long i = 0; i < blocks.memory().byteSize(); i++) {
              blocks.memory().set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
            }
            var query = new TableQuery(shape);
            var values = new float[groups * shape.entries()];
            for (int i = 0; i < values.length; i++) {
              values[i] = (float) random.nextGaussian();
            }
            query.tables(values, groups);
            query.value(1, 0);
            query.weight(1);
            query.threshold(1000);
            var allowed = filterMemory.last(12);
            for (int i = 0; i < 12; i += 4) {
              allowed.set(ValueLayout.JAVA_INT_UNALIGNED, i, random.nextInt());
            }
            for (var filter : new MemorySegment[] {MemorySegment.NULL, allowed}) {
              var found = new BlockHits(70);
              var expected = new BlockHits(70);
              int count = kernels.scan(blocks, 0, 70, shape.planes(), query, filter, found);
              assertThat(count)
                  .isEqualTo(
                      new ScalarTables()
                          .scan(blocks, 0, 70, shape.planes(), query, filter, expected));
              for (int i = 0; i < count; i++) {
                assertThat(found.row(i)).isEqualTo(expected.row(i));
                assertThat(Float.floatToIntBits(found.bound(i)))
                    .isEqualTo(Float.floatToIntBits(expected.bound(i)));
              }
            }
          }
        }
      }
    }
  }
}
