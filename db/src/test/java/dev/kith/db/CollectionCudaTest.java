package dev.kith.db;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.device.Gpus;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.memory.GpuBufferLoader;
import dev.kith.cuda.store.DeviceSegments;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Query;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Segments of a collection on a GPU: searched there, freed with the segment, loaded by hand. */
@Tag("gpu")
@ExtendWith(Seeded.class)
class CollectionCudaTest {
  private static final int D = 96;
  private static final int SEGMENTS = 4;
  private static final int OF_SEGMENT = 5000;
  private static final int N = SEGMENTS * OF_SEGMENT;
  private static final long ROWS_BYTES = 4L * D * N;

  /** What the lists of searches take, and then some. */
  private static final long SEARCHES = 1 << 20;

  @TempDir private Path folder;
  private Gpu gpu;

  @BeforeEach
  void requireGpu() {
    try {
      gpu = Gpus.get();
    } catch (CudaUnavailableException e) {
      assumeTrue("required".equals(System.getProperty("kith.gpu")), "no GPU: " + e.reason());
      throw new AssertionError(e);
    }
  }

  private static PointId id(int number) {
    return PointId.of("p%05d".formatted(number));
  }

  private static boolean isDeleted(int number) {
    return number % 7 == 3;
  }

  /** Several segments, in each of them points that are deleted. */
  private static Collection filled(Kith kith, float[][] vectors) {
    var schema = Schema.of(D, Metric.L2).withField("number", FieldType.INTEGER);
    var collection = kith.create("points", schema);
    for (int s = 0; s < SEGMENTS; s++) {
      collection.upsertAll(
          IntStream.range(s * OF_SEGMENT, (s + 1) * OF_SEGMENT)
              .mapToObj(i -> Point.of(id(i), vectors[i], Payload.of("number", i))));
      collection.query(Query.nearest(vectors[0]).onBackend("scalar")); // a new reader, so a segment
    }
    collection.delete(
        IntStream.range(0, N)
            .filter(CollectionCudaTest::isDeleted)
            .mapToObj(CollectionCudaTest::id)
            .toList());
    return collection;
  }

  private static void assertSameAnswers(Collection collection, float[][] queries) {
    for (float[] vector : queries) {
      for (var query :
          new Query[] {
            Query.nearest(vector), Query.nearest(vector).limit(100).where("number < 7000")
          }) {
        var onDevice = collection.query(query.onBackend("cuda"));
        var expected = collection.query(query.onBackend("simd"));
        assertThat(onDevice.report().backend()).isEqualTo("cuda");
        assertThat(onDevice.report().proved()).isTrue();
        assertThat(onDevice.hits()).usingRecursiveComparison().isEqualTo(expected.hits());
      }
    }
  }

  @Test
  void query_onTheDevice_answersAsTheProcessorAndFreesWhatIsGone(SplittableRandom random) {
    float[][] vectors = TestVectors.gaussians(random, N, D);
    float[][] queries = TestVectors.gaussians(random, 20, D);
    var ledger = gpu.ledger();
    try (var kith = Kith.open(folder)) {
      var collection = filled(kith, vectors);
      assertSameAnswers(collection, queries);
      assertThat(collection.query(Query.nearest(queries[0])).report().segments())
          .isGreaterThanOrEqualTo(2);
      long loaded = ledger.used();
      assertThat(loaded).isGreaterThanOrEqualTo(ROWS_BYTES);

      collection.optimize(); // one segment, without the deleted points, that nobody searched yet
      DeviceSegments.awaitFreed();
      long optimized = ledger.used();
      assertThat(optimized).as("copies of segments that are gone").isLessThan(loaded - ROWS_BYTES);

      assertSameAnswers(collection, queries);
      long reloaded = ledger.used();
      long alive = IntStream.range(0, N).filter(i -> !isDeleted(i)).count();
      assertThat(reloaded).isGreaterThanOrEqualTo(optimized + 4L * D * alive);
      assertThat(reloaded).isLessThan(loaded);

      collection.close();
      DeviceSegments.awaitFreed();
      assertThat(ledger.used()).isLessThanOrEqualTo(optimized + SEARCHES);
    }
  }

  @Test
  void load_liveRowsOfASegments_areThoseOfThePointsWithTheirIds(SplittableRandom random) {
    float[][] vectors = TestVectors.gaussians(random, N, D);
    try (var kith = Kith.open(folder);
        var collection = filled(kith, vectors);
        var reader = collection.reader()) {
      var ids = new HashMap<String, PointId>(); // no two points have one vector
      reader.forEach(
          null, point -> ids.put(Arrays.toString(point.vectors().get(Schema.VECTOR)), point.id()));
      var segments = reader.segments(Schema.VECTOR);
      var parts = new ArrayList<GpuBufferLoader.Part>();
      for (var segment : segments) {
        parts.add(new GpuBufferLoader.Part(segment.index().rows(), segment.live()));
      }
      assertThat(parts).hasSizeGreaterThanOrEqualTo(2);
      long used = gpu.ledger().used();
      try (var buffer = gpu.loader().load(parts, ElementType.FLOAT32);
          var arena = Arena.ofConfined();
          var stream = gpu.context().stream()) {
        assertThat(buffer.size()).isEqualTo(ids.size());
        assertThat(gpu.ledger().used()).isEqualTo(used + buffer.byteSize());
        var back = arena.allocate(buffer.byteSize(), 64);
        stream.copyToHost(back, buffer.address(), buffer.byteSize());
        stream.synchronize();
        var map = buffer.map();
        for (long row = 0; row < buffer.size(); row++) {
          float[] there = back.asSlice(4L * D * row, 4L * D).toArray(JAVA_FLOAT);
          var source = parts.get(map.part(row)).rows();
          assertThat(there).isEqualTo(source.row(map.row(row)));
          var id = ids.remove(Arrays.toString(there));
          assertThat(segments.get(map.part(row)).ids().apply(map.row(row)))
              .as("row %d is a point that is alive, once", row)
              .isEqualTo(id);
        }
        assertThat(ids).isEmpty();
      }
    }
  }
}
