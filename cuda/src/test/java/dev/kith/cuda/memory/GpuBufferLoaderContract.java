package dev.kith.cuda.memory;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.search.RowFilter;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.memory.GpuBufferLoader.Part;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What arrives in device memory is what the rows are, whatever way it came. */
@ExtendWith(Seeded.class)
abstract class GpuBufferLoaderContract {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Where the rows go. */
  abstract Context device();

  /** Fails unless the device has these bytes there. */
  abstract void assertHas(long address, MemorySegment bytes);

  /** One of its own for each test. */
  private DeviceLedger ledger() {
    return new DeviceLedger(device(), 1L << 30);
  }

  /** Fails unless the buffer has those rows as such elements. */
  private void assertHas(GpuBuffer buffer, List<float[]> rows, ElementType type, boolean scaled) {
    int d = buffer.dimension();
    assertThat(buffer.size()).isEqualTo(rows.size());
    assertThat(buffer.elementType()).isEqualTo(type);
    assertThat(buffer.byteSize()).isEqualTo((long) rows.size() * d * type.bytes());
    try (var arena = Arena.ofConfined()) {
      var expected = arena.allocate(Math.max(1, buffer.byteSize()), 8);
      var scales = arena.allocate(Math.max(1, 4L * rows.size()), 8);
      for (int r = 0; r < rows.size(); r++) {
        float[] row = rows.get(r);
        float most = 0;
        for (float element : row) {
          most = Math.max(most, Math.abs(element));
        }
        float scale = most / 127;
        scales.set(FLOAT, 4L * r, scale);
        for (int i = 0; i < d; i++) {
          long at = ((long) r * d + i) * type.bytes();
          switch (type) {
            case FLOAT32 -> expected.set(FLOAT, at, row[i]);
            case FLOAT16, BFLOAT16 -> expected.set(SHORT, at, type.bitsOf(row[i]));
            case INT8, UINT8 ->
                expected.set(
                    ValueLayout.JAVA_BYTE,
                    at,
                    (byte)
                        (scaled ? (scale > 0 ? Math.rint(row[i] / (double) scale) : 0) : row[i]));
          }
        }
      }
      assertHas(buffer.address(), expected.asSlice(0, buffer.byteSize()));
      var scalesAt = buffer.scales();
      assertThat(scalesAt != null).isEqualTo(scaled);
      if (scalesAt != null) {
        assertHas(scalesAt, scales.asSlice(0, 4L * rows.size()));
      }
    }
  }

  private static List<float[]> rows(VectorSource source) {
    var rows = new ArrayList<float[]>();
    for (long row = 0; row < source.size(); row++) {
      rows.add(source.row(row));
    }
    return rows;
  }

  /** Enough for several blocks and lanes, the last one not full. */
  @ParameterizedTest
  @EnumSource
  void load_asStored_isTheSame(ElementType type, SplittableRandom random) {
    int d = 129;
    int size = 9 * (4 << 20) / 2 / (d * type.bytes()) + 7;
    var ledger = ledger();
    try (var loader = new GpuBufferLoader(device(), ledger);
        var source = TestVectors.typed(random, type, size, d).source()) {
      try (var buffer = loader.load(source)) {
        assertHas(buffer, rows(source), type, false);
        assertThat(ledger.used()).isEqualTo(buffer.byteSize());
      }
      try (var chunk = loader.loadChunk(source, 5, size / 2)) {
        assertHas(chunk, rows(source.slice(5, size / 2)), type, false);
      }
      assertThat(ledger.used()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void load_filteredPartsOfEveryType_areConverted(ElementType type, SplittableRandom random) {
    if (type == ElementType.UINT8) {
      return; // refused, see GpuBufferLoaderTest
    }
    var ledger = ledger();
    try (var loader = new GpuBufferLoader(device(), ledger)) {
      for (int d : new int[] {1, 3, 32, 100}) {
        for (var from : ElementType.values()) {
          var first = TestVectors.typed(random, from, 1 + random.nextInt(200), d).source();
          var second = TestVectors.typed(random, from, 1 + random.nextInt(200), d).source();
          var parts =
              List.of(
                  new Part(first, RowFilter.of(first.size(), _ -> random.nextInt(3) > 0)),
                  new Part(second, RowFilter.of(second.size(), _ -> false)),
                  new Part(second, null));
          var expected = new ArrayList<float[]>();
          for (var part : parts) {
            for (long row = 0; row < part.rows().size(); row++) {
              if (part.live() == null || part.live().allows(row)) {
                expected.add(part.rows().row(row));
              }
            }
          }
          try (var buffer = loader.load(parts, type)) {
            assertHas(buffer, expected, type, type == ElementType.INT8 && from != ElementType.INT8);
            for (int row = 0; row < expected.size(); row++) {
              var map = buffer.map();
              assertThat(parts.get(map.part(row)).rows().row(map.row(row)))
                  .isEqualTo(expected.get(row));
            }
          }
          first.close();
          second.close();
        }
      }
      assertThat(ledger.used()).isZero();
    }
  }

  /** Rows that are INT8 already have the scale 1, so that scale times element is the value. */
  @Test
  void load_someRowsAreInt8AndSomeNot_scalesMakeThemTheValues(SplittableRandom random) {
    int d = 40;
    var ledger = ledger();
    try (var loader = new GpuBufferLoader(device(), ledger);
        var bytes = TestVectors.typed(random, ElementType.INT8, 50, d).source();
        var floats = TestVectors.typed(random, ElementType.FLOAT32, 50, d).source()) {
      var some = RowFilter.of(50, row -> row % 3 == 0);
      var parts = List.of(new Part(bytes, null), new Part(floats, null), new Part(bytes, some));
      try (var buffer = loader.load(parts, ElementType.INT8);
          var arena = Arena.ofConfined()) {
        var scalesAt = buffer.scales();
        assertThat(scalesAt).isNotNull();
        long whole = bytes.size() + floats.size();
        var one = arena.allocate(4L * (bytes.size() + some.count()), 8);
        for (long row = 0; row < bytes.size() + some.count(); row++) {
          one.set(FLOAT, 4 * row, 1);
        }
        if (scalesAt != null) {
          assertHas(scalesAt, one.asSlice(0, 4L * bytes.size()));
          assertHas(scalesAt + 4 * whole, one.asSlice(0, 4L * some.count()));
        }
        assertHas(buffer.address(), bytes.block(0, 50).data().asSlice(0, 50L * d));
      }
    }
  }

  @Test
  void load_rowsWithGaps_leavesThemOut(SplittableRandom random) {
    int d = 33;
    long stride = 4L * d + 12;
    int size = 40_000;
    try (var loader = new GpuBufferLoader(device(), ledger());
        var arena = Arena.ofShared()) {
      var memory = arena.allocate(stride * size, 64);
      var vectors = TestVectors.gaussians(random, 100, d);
      for (int row = 0; row < size; row++) {
        MemorySegment.copy(vectors[row % 100], 0, memory, FLOAT, row * stride, d);
      }
      var source = VectorSource.over(memory, stride, size, d, ElementType.FLOAT32);
      try (var buffer = loader.load(source)) {
        assertHas(buffer, rows(source), ElementType.FLOAT32, false);
      }
    }
  }

  @Test
  void load_noRows_isAnEmptyBuffer() {
    try (var loader = new GpuBufferLoader(device(), ledger());
        var source = VectorSource.of(new float[3])) {
      var none = new Part(source, RowFilter.of(1, _ -> false));
      try (var buffer = loader.load(List.of(none), ElementType.INT8)) {
        assertThat(buffer.size()).isZero();
      }
    }
  }

  /** Loads of many threads run one after another, and each gets its own rows. */
  @Test
  void load_manyThreads_eachGetsItsRows(SplittableRandom random) throws Exception {
    var ledger = ledger();
    try (var loader = new GpuBufferLoader(device(), ledger)) {
      var failures = new ArrayList<Throwable>();
      var threads = new ArrayList<Thread>();
      for (int t = 0; t < 4; t++) {
        var own = random.split();
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try (var source =
                          TestVectors.typed(own, ElementType.FLOAT32, 20_000, 60).source()) {
                        for (int round = 0; round < 3; round++) {
                          try (var buffer = loader.load(source)) {
                            assertHas(buffer, rows(source), ElementType.FLOAT32, false);
                          }
                        }
                      } catch (Throwable e) {
                        synchronized (failures) {
                          failures.add(e);
                        }
                      }
                    }));
      }
      for (var thread : threads) {
        thread.join();
      }
      assertThat(failures).isEmpty();
      assertThat(ledger.used()).isZero();
    }
  }
}
