package dev.kith.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.PanelHits;
import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Panels, terms, filter and hits end where a page ends that may not be touched. */
@ExtendWith(Seeded.class)
class PanelsAtPageEndTest {
  private static final int QUERIES = 13;

  @Test
  void scanAndTile_memoryAtTheEndOfAPage_touchNothingBehindIt(SplittableRandom random)
      throws Throwable {
    try (var panelMemory = new GuardedMemory(1 << 17);
        var termMemory = new GuardedMemory(1 << 12);
        var filterMemory = new GuardedMemory(1 << 12);
        var hitMemory = new GuardedMemory(1 << 16);
        var arena = Arena.ofConfined()) {
      for (var kernels : Variants.all()) {
        for (int d : new int[] {1, 4, 63, 64, 65, 300}) {
          int groups = Panels.groups(d);
          for (int count = 1; count <= 4; count++) {
            var panels = panelMemory.last(count * Panels.stride(groups));
            for (long i = 0; i < panels.byteSize(); i++) {
              panels.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(1, 64));
            }
            var filter = filterMemory.last(2L * count);
            filter.fill((byte) 0xff);
            var codes = new byte[d];
            random.nextBytes(codes);
            for (int i = 0; i < d; i++) {
              codes[i] = (byte) (codes[i] / 3); // at most 42
            }

            var single = PanelQuery.single(arena, d);
            single.set(0, codes, codes, 1, 1, 1, 1);
            var scanned = hits(hitMemory, 16L * count, false);
            var term = termMemory.last(PanelQuery.TERM_BYTES);
            single.copyTerms(term);
            // Nothing is below minus infinity, so as much as possible is written.
            assertThat(kernels.scan(panels, 0, count, groups, single, term, filter, scanned))
                .isEqualTo(16 * count);

            var tiles = PanelQuery.tiles(arena, d, QUERIES, kernels.tileQueries());
            for (int q = 0; q < QUERIES; q++) {
              tiles.set(q, codes, codes, 1, 1, 1, 1);
            }
            var terms = termMemory.last((long) QUERIES * PanelQuery.TERM_BYTES);
            tiles.copyTerms(terms);
            var tiled = hits(hitMemory, 16L * count * QUERIES, true);
            assertThat(kernels.tile(panels, 0, count, groups, tiles, terms, filter, tiled))
                .isEqualTo(16 * count * QUERIES);
          }
        }
      }
    }
  }

  /** Each at the end of its page in turn would need four; the one written last is. */
  private static PanelHits hits(GuardedMemory memory, long capacity, boolean tile) {
    var last = memory.last(4 * capacity);
    var others = Arena.ofAuto().allocate(3 * 4 * capacity, 64);
    var first = others.asSlice(0, 4 * capacity);
    var second = others.asSlice(4 * capacity, 4 * capacity);
    return tile
        ? new PanelHits(first, last, second, MemorySegment.NULL)
        : new PanelHits(first, MemorySegment.NULL, second, last);
  }
}
