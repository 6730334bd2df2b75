package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.PlainHalves;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of every {@link Quantizer} and its shadows. */
@ExtendWith(Seeded.class)
public abstract class ShadowContract {
  private static final String REBUILD = "; delete it and build it again";

  /** Rows whose number is no multiple of any unit, and more than the identity samples. */
  private static final int MANY = 1003;

  @TempDir Path folder;

  /** Quantizer under test. */
  protected abstract Quantizer quantizer();

  /** Rows that are coded together. */
  protected abstract int unit();

  /** Most that a Gaussian row of some length loses, relative to its norm. */
  protected abstract double loss();

  /** Rounding error of {@link Shadow#decode}, in float32, for a code of some norm. */
  protected double rounding(Shadow shadow, double norm) {
    return 0;
  }

  /** Vector that a code stands for. */
  protected double[] coded(Metric metric, float[] row) {
    var exact = new double[row.length];
    Arrays.setAll(exact, i -> row[i]);
    return exact;
  }

  /** Norm in float64. */
  static double norm(double[] x) {
    double squares = 0;
    for (double element : x) {
      squares += element * element;
    }
    return Math.sqrt(squares);
  }

  /** Rows of many kinds; all finite. */
  private static List<TestVectors.Typed> kinds(SplittableRandom random) {
    var kinds = new ArrayList<TestVectors.Typed>();
    for (var type : ElementType.values()) {
      for (int d : new int[] {1, 7, 64}) {
        kinds.add(TestVectors.typed(random, type, 37, d));
      }
    }
    var clustered = TestVectors.gaussians(random, 50, 33);
    for (var row : clustered) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (i % 3 == 0 ? -1000 : 300) + row[i] / 8;
      }
    }
    var oneHot = new float[40][20];
    for (var row : oneHot) {
      row[random.nextInt(20)] = (float) random.nextDouble();
    }
    var few = TestVectors.gaussians(random, 4, 18);
    few[2] = new float[18];
    var duplicates = new float[33][];
    Arrays.setAll(duplicates, i -> few[i % 4]);
    var magnitudes = TestVectors.gaussians(random, 40, 12);
    for (var row : magnitudes) {
      int exponent = random.nextInt(-100, 100);
      for (int i = 0; i < row.length; i++) {
        row[i] = Math.scalb(row[i], exponent);
      }
    }
    for (var rows : List.of(clustered, oneHot, duplicates, magnitudes)) {
      kinds.add(new TestVectors.Typed(VectorSource.of(rows), rows));
    }
    return kinds;
  }

  private static List<float[]> queries(SplittableRandom random, float[][] rows) {
    int d = rows[0].length;
    float[] near = rows[3].clone();
    near[random.nextInt(d)] *= 1 + 0x1p-20f;
    float[] far = TestVectors.gaussian(random, d);
    for (int i = 0; i < d; i++) {
      far[i] *= 1e6f;
    }
    return List.of(TestVectors.gaussian(random, d), rows[5], near, far, new float[d]);
  }

  @ParameterizedTest
  @EnumSource
  void interval_everyPair_holdsTheCanonicalKey(Metric metric, SplittableRandom random) {
    long pairs = 0;
    long known = 0;
    for (int round = 0; round < Seeded.effort(); round++) {
      for (var kind : kinds(random)) {
        try (var source = kind.source()) {
          var shadow = quantizer().encode(source, metric);
          assertThat(shadow.rows()).isSameAs(source);
          assertThat(shadow.metric()).isEqualTo(metric);
          assertThat(shadow.quantizer()).isSameAs(quantizer());
          for (var query : queries(random, kind.rows())) {
            for (int r = 0; r < kind.rows().length; r++) {
              var interval = shadow.interval(query, r);
              double key = TestVectors.key(metric, query, kind.rows()[r]);
              assertThat(key)
                  .as("%s of %s, row %d", metric, source.elementType(), r)
                  .isBetween(interval.lower(), interval.upper());
              pairs++;
              known += interval.upper() < Double.POSITIVE_INFINITY ? 1 : 0;
            }
          }
        }
      }
    }
    assertThat(known).isGreaterThan(pairs * 2 / 3);
  }

  /** An interval may be wide, but not for rows and queries that are nothing special. */
  @ParameterizedTest
  @EnumSource
  void interval_gaussianPairs_isNarrow(Metric metric, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 60, 100);
    try (var source = VectorSource.of(rows)) {
      var shadow = quantizer().encode(source, metric);
      float[] query = TestVectors.gaussian(random, 100);
      for (int r = 0; r < rows.length; r++) {
        var interval = shadow.interval(query, r);
        // Norms are about 10; cosine's are 1, for L2 all counts twice.
        double size = metric == Metric.COSINE ? 1 : metric == Metric.DOT ? 200 : 400;
        assertThat(interval.upper() - interval.lower()).isBetween(0.0, 2.5 * loss() * size);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void decode_everyRow_isWithinItsResidual(Metric metric, SplittableRandom random) {
    for (int round = 0; round < Seeded.effort(); round++) {
      for (var kind : kinds(random)) {
        try (var source = kind.source()) {
          var shadow = quantizer().encode(source, metric);
          int d = source.dimension();
          var decoded = new float[d];
          for (int r = 0; r < kind.rows().length; r++) {
            shadow.decode(r, decoded);
            var exact = coded(metric, kind.rows()[r]);
            double size = norm(exact);
            var lost = new double[d];
            for (int i = 0; i < d; i++) {
              lost[i] = exact[i] - decoded[i];
            }
            double residual = shadow.residual(r);
            if (Double.isInfinite(residual)) {
              continue; // said to be unknown
            }
            assertThat(norm(lost))
                .as("%s of %s, d=%d, row %d", metric, source.elementType(), d, r)
                .isLessThanOrEqualTo(residual + rounding(shadow, size));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void residual_gaussianRows_isSmall(Metric metric, @Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 100, 128);
    try (var source = VectorSource.of(rows)) {
      var shadow = quantizer().encode(source, metric);
      for (int r = 0; r < rows.length; r++) {
        double residual = shadow.residual(r);
        assertThat(residual).isBetween(0.0, loss() * norm(coded(metric, rows[r])));
      }
    }
  }

  private Path saved(Shadow shadow) throws IOException {
    var file = folder.resolve("rows.shadow");
    shadow.save(file);
    assertThat(folder.toFile().list()).containsExactly("rows.shadow");
    assertThat(Files.size(file)).isEqualTo(64 + shadow.bytes());
    return file;
  }

  @ParameterizedTest
  @EnumSource
  void open_saved_provesAndAnswersTheSame(Metric metric, SplittableRandom random)
      throws IOException {
    int n = 300;
    int d = 29;
    var rows = TestVectors.gaussians(random, n, d);
    for (var row : rows) {
      row[1] += 30; // so that int8 has a centre to keep
    }
    try (var source = VectorSource.of(rows)) {
      var shadow = quantizer().encode(source, metric);
      var opened = quantizer().open(saved(shadow), source, metric);
      assertThat(opened.bytes()).isEqualTo(shadow.bytes());
      opened.verify();
      var queries = TestVectors.gaussians(random, 5, d);
      var fromShadow = new float[d];
      var fromFile = new float[d];
      for (int r = 0; r < n; r++) {
        assertThat(opened.residual(r)).isEqualTo(shadow.residual(r));
        assertThat(opened.interval(queries[0], r)).isEqualTo(shadow.interval(queries[0], r));
        shadow.decode(r, fromShadow);
        opened.decode(r, fromFile);
        assertThat(fromFile).isEqualTo(fromShadow);
      }
      try (var batch = VectorSource.of(queries)) {
        var options = SearchOptions.nearest(9);
        var found =
            new ExactScan(PlainHalves.withJava(), "test", new FlatData(source, metric, opened))
                .search(batch, options);
        var report = VectorIndex.over(shadow).search(batch, options).report();
        assertThat(found.report().bound()).isEqualTo(quantizer().name());
        assertThat(found.report().index())
            .isEqualTo("flat(shadow=%s)".formatted(quantizer().name()))
            .isEqualTo(report.index());
        for (int q = 0; q < queries.length; q++) {
          assertThat(found.neighbors().get(q).rows())
              .isEqualTo(TestVectors.nearest(metric, queries[q], rows, 9));
        }
      }
    }
  }

  /** A body kept elsewhere, behind something else, is as good as the shadow it was taken from. */
  @ParameterizedTest
  @EnumSource
  void over_bodyStoredElsewhere_provesAndAnswersTheSame(Metric metric, SplittableRandom random) {
    var kind = TestVectors.typed(random, ElementType.FLOAT16, MANY, 17);
    try (var source = kind.source();
        var arena = Arena.ofShared()) {
      var original = quantizer().encode(source, metric);
      assertThat(original.body().isReadOnly()).isTrue();
      assertThat(original.body().byteSize()).isEqualTo(original.bytes());
      var elsewhere = arena.allocate(64 + original.bytes(), 64).asSlice(64);
      elsewhere.copyFrom(original.body());
      var shadow = quantizer().over(elsewhere, source, metric);
      shadow.verify();
      assertThat(shadow.quantizer()).isSameAs(quantizer());
      assertThat(shadow.metric()).isEqualTo(metric);
      assertThat(shadow.body().mismatch(original.body())).isEqualTo(-1);
      for (var query : queries(random, kind.rows())) {
        assertThat(shadow.interval(query, 5)).isEqualTo(original.interval(query, 5));
        assertThat(VectorIndex.over(shadow).search(query, 10).rows())
            .containsExactly(TestVectors.nearest(metric, query, kind.rows(), 10));
      }
      long last = elsewhere.byteSize() - 8;
      elsewhere.set(
          ValueLayout.JAVA_BYTE, last, (byte) (elsewhere.get(ValueLayout.JAVA_BYTE, last) ^ 1));
      assertThatThrownBy(shadow::verify)
          .isInstanceOf(VectorDataException.class)
          .hasMessageStartingWith("the shadow must be of these rows: source=memory, shadow=");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 64})
  void over_wrongLength_saysBoth(int more, SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 5))) {
      long right = quantizer().encode(source, Metric.L2).bytes();
      var body = Arena.ofAuto().allocate(right + more, 64);
      assertThatThrownBy(() -> quantizer().over(body, source, Metric.L2))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "a shadow must be as long as its rows need: source=memory, shadow=%s, rows=20,"
                  + " dimension=5, expected=%d bytes, found=%d; build it again",
              quantizer().name(), right, right + more);
    }
  }

  @Test
  void encode_inAnArena_isFreedWithIt(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 100, 5))) {
      Shadow shadow;
      try (var arena = Arena.ofShared()) {
        shadow = quantizer().encode(source, Metric.L2, BuildOptions.defaults().into(arena));
        assertThat(shadow.body().mismatch(quantizer().encode(source, Metric.L2).body()))
            .isEqualTo(-1);
      }
      assertThatThrownBy(() -> shadow.residual(3)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void encode_noRows_isAnEmptyShadow(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 3, 5))) {
      var none = source.slice(3, 0);
      for (var metric : Metric.values()) {
        var shadow = quantizer().encode(none, metric);
        shadow.verify();
        var opened = quantizer().open(saved(shadow), none, metric);
        opened.verify();
        assertThat(opened.bytes()).isEqualTo(shadow.bytes()).isLessThan(100);
        var found = VectorIndex.over(opened).search(source, SearchOptions.nearest(2));
        assertThat(found.neighbors()).hasSize(3).allSatisfy(hits -> assertThat(hits).isEmpty());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, NaN", "4321, NaN", "4321, Infinity", "4999, -Infinity"})
  void encode_rowNotFinite_namesFileOffsetRowAndElement(int row, float bad, SplittableRandom random)
      throws IOException {
    int d = 6;
    var bytes = ByteBuffer.allocate(5000 * (4 + 4 * d)).order(ByteOrder.LITTLE_ENDIAN);
    for (int r = 0; r < 5000; r++) {
      bytes.putInt(d);
      var x = TestVectors.gaussian(random, d);
      x[2] = r == row ? bad : x[2];
      for (float element : x) {
        bytes.putFloat(element);
      }
    }
    var file = Files.write(folder.resolve("rows.fvecs"), bytes.array());
    try (var source = VectorFiles.open(file)) {
      for (var metric : Metric.values()) {
        assertThatThrownBy(() -> quantizer().encode(source, metric))
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "vectors must be finite: file=%s, offset=%d, row=%d, element=2, found=%s; remove or repair that row"
                    .formatted(file, row * 28L + 4 + 8, row, bad));
      }
    }
  }

  /** Row of a large source that opening a shadow does not check. */
  private static int notSampled(SplittableRandom random) {
    while (true) {
      int row = random.nextInt(MANY);
      boolean sampled = false;
      for (int i = 0; i < 256; i++) {
        sampled |= i * (MANY - 1) / 255 == row;
      }
      if (!sampled) {
        return row;
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void verify_oneRowChanged_namesWhereItIs(Metric metric, SplittableRandom random)
      throws IOException {
    var rows = TestVectors.gaussians(random, MANY, 10);
    var others = rows.clone();
    int changed = notSampled(random);
    others[changed] = TestVectors.gaussian(random, 10);
    try (var source = VectorSource.of(rows);
        var other = VectorSource.of(others)) {
      var shadow = quantizer().encode(source, metric);
      shadow.verify();
      var file = saved(shadow);
      quantizer().open(file, source, metric).verify();
      var opened = quantizer().open(file, other, metric);
      assertThatThrownBy(opened::verify)
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "the shadow must be of these rows: source=memory, shadow=%s, rows from %d; the rows were changed or the shadow is damaged: delete it and build it again"
                  .formatted(quantizer().name(), changed / unit() * unit()));
    }
  }

  /** Verifying checks each unit, the first and the last as well. */
  @ParameterizedTest
  @ValueSource(ints = {0, 16, 500, MANY - 1})
  void verify_rowChangedInPlace_namesWhereItIs(int changed, SplittableRandom random) {
    int d = 10;
    var data = TestVectors.segment(TestVectors.gaussians(random, MANY, d));
    var source = VectorSource.over(data, 4L * d, MANY, d, ElementType.FLOAT32);
    var shadow = quantizer().encode(source, Metric.L2);
    shadow.verify();
    data.set(ValueLayout.JAVA_FLOAT, 4L * (changed * d + 7), 5);
    assertThatThrownBy(shadow::verify)
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            "the shadow must be of these rows: source=memory, shadow=%s, rows from %d; the rows were changed or the shadow is damaged: delete it and build it again"
                .formatted(quantizer().name(), changed / unit() * unit()));
  }

  @Test
  void verify_severalRowsChanged_namesTheFirst(SplittableRandom random) {
    var data = TestVectors.segment(TestVectors.gaussians(random, MANY, 10));
    var source = VectorSource.over(data, 40, MANY, 10, ElementType.FLOAT32);
    var shadow = quantizer().encode(source, Metric.L2);
    for (int changed : new int[] {300, MANY / 2, MANY - 1}) {
      data.set(ValueLayout.JAVA_FLOAT, 40L * changed, 9);
    }
    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(shadow::verify)
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("rows from %d;".formatted(300 / unit() * unit()));
    }
  }

  private static int crc(byte[] bytes, int from, int length) {
    var crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  @Test
  void verify_bitOfTheBodyFlipped_saysBothChecksums(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 100, 10))) {
      var file = saved(quantizer().encode(source, Metric.L2));
      byte[] bytes = Files.readAllBytes(file);
      int expected = crc(bytes, 64, bytes.length - 64);
      bytes[64 + random.nextInt(bytes.length - 64)] ^= (byte) (1 << random.nextInt(8));
      int found = crc(bytes, 64, bytes.length - 64);
      Files.write(file, bytes);
      var opened = quantizer().open(file, source, Metric.L2);
      assertThatThrownBy(opened::verify)
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              ("the shadow must have its checksum: file=%s, offset=64, expected=%08x, found=%08x"
                      + REBUILD)
                  .formatted(file, expected, found));
    }
  }

  private void assertRefused(Path file, VectorSource source, Metric metric, String message) {
    assertThatThrownBy(() -> quantizer().open(file, source, metric))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(message + REBUILD);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63})
  void open_shorterThanAHeader_saysHowLong(int length, SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var file = saved(quantizer().encode(source, Metric.L2));
      Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
      assertRefused(
          file,
          source,
          Metric.L2,
          "a shadow starts with its magic: file=%s, offset=0, expected=KITHSHAD, found=%d bytes"
              .formatted(file, length));
    }
  }

  @Test
  void open_anotherFile_saysSo(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var file = Files.writeString(folder.resolve("other"), "KITHSHAM".repeat(100));
      assertRefused(
          file,
          source,
          Metric.L2,
          "a shadow starts with its magic: file=%s, offset=0, expected=KITHSHAD, found=another file"
              .formatted(file));
    }
  }

  @Test
  void open_anyBitOfTheHeaderFlipped_isRefused(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var file = saved(quantizer().encode(source, Metric.L2));
      byte[] good = Files.readAllBytes(file);
      for (int bit = 64; bit < 512; bit++) { // before that is the magic
        byte[] bytes = good.clone();
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(file, bytes);
        int stored = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(60);
        assertRefused(
            file,
            source,
            Metric.L2,
            "the header must have its checksum: file=%s, offset=60, expected=%08x, found=%08x"
                .formatted(file, crc(bytes, 0, 60), stored));
      }
    }
  }

  /** A file whose header says something else and has the checksum of that. */
  private static void rewrite(Path file, int offset, Number value) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (value instanceof Long wide) {
      bytes.putLong(offset, wide);
    } else {
      bytes.putInt(offset, value.intValue());
    }
    bytes.putInt(60, crc(bytes.array(), 0, 60));
    Files.write(file, bytes.array());
  }

  @Test
  void open_anotherVersion_saysBoth(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var file = saved(quantizer().encode(source, Metric.L2));
      rewrite(file, 8, 2);
      assertRefused(
          file,
          source,
          Metric.L2,
          "the version must be known: file=%s, offset=8, expected=1, found=2".formatted(file));
    }
  }

  @Test
  void open_anotherKind_saysBoth(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      for (var kind : Quantizer.ALL) {
        if (kind.equals(quantizer())) {
          continue;
        }
        assertRefused(
            saved(kind.encode(source, Metric.L2)),
            source,
            Metric.L2,
            "the shadow must be of this kind: file=%s, offset=12, expected=%s, found=%s"
                .formatted(folder.resolve("rows.shadow"), quantizer().name(), kind.name()));
      }
    }
  }

  @Test
  void open_forAnotherMetric_saysBoth(SplittableRandom random) throws IOException {
    var codes = List.of(Metric.L2, Metric.COSINE, Metric.DOT);
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      for (var made : codes) {
        var file = saved(quantizer().encode(source, made));
        for (var wanted : codes) {
          if (wanted == made) {
            quantizer().open(file, source, wanted).verify();
          } else {
            assertRefused(
                file,
                source,
                wanted,
                "the shadow must be for this metric: file=%s, offset=16, expected=%d, found=%d"
                    .formatted(file, codes.indexOf(wanted), codes.indexOf(made)));
          }
        }
      }
    }
  }

  @Test
  void open_ofAnotherDimension_saysBoth(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4));
        var other = VectorSource.of(TestVectors.gaussians(random, 20, 3))) {
      var file = saved(quantizer().encode(source, Metric.L2));
      assertRefused(
          file,
          other,
          Metric.L2,
          "the shadow must have the rows' dimension: file=%s, offset=20, expected=3, found=4"
              .formatted(file));
    }
  }

  @Test
  void open_ofMoreOrFewerRows_saysBoth(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 21, 4))) {
      var file = saved(quantizer().encode(source.slice(0, 20), Metric.L2));
      for (int rows : new int[] {0, 19, 21}) {
        assertRefused(
            file,
            source.slice(0, rows),
            Metric.L2,
            "the shadow must have as many rows: file=%s, offset=24, expected=%d, found=20"
                .formatted(file, rows));
      }
    }
  }

  @Test
  void open_bodyOfAnotherLength_saysBoth(SplittableRandom random) throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var shadow = quantizer().encode(source, Metric.L2);
      var file = saved(shadow);
      rewrite(file, 32, shadow.bytes() + 1);
      assertRefused(
          file,
          source,
          Metric.L2,
          "the body must be as long as its rows need: file=%s, offset=32, expected=%d, found=%d"
              .formatted(file, shadow.bytes(), shadow.bytes() + 1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-17, -1, 1, 64})
  void open_fileCutShortOrContinued_saysBothLengths(int more, SplittableRandom random)
      throws IOException {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var file = saved(quantizer().encode(source, Metric.L2));
      long size = Files.size(file);
      Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) size + more));
      assertRefused(
          file,
          source,
          Metric.L2,
          "the file must end with its body: file=%s, offset=32, expected=%d, found=%d"
              .formatted(file, size, size + more));
    }
  }

  private static long identity(Path file) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).getLong(40);
  }

  /** Opening checks the first row, the last one and some between; of few rows all. */
  @Test
  void open_ofOtherRows_saysSo(SplittableRandom random) throws IOException {
    for (int n : new int[] {1, 2, 255, 256, MANY}) {
      var rows = TestVectors.gaussians(random, n, 4);
      for (int changed : new int[] {0, n < MANY ? random.nextInt(n) : MANY - 1, n - 1}) {
        var others = rows.clone();
        others[changed] = rows[changed].clone();
        others[changed][3] = Math.nextUp(others[changed][3]);
        try (var source = VectorSource.of(rows);
            var other = VectorSource.of(others)) {
          long expected = identity(saved(quantizer().encode(other, Metric.L2)));
          var file = saved(quantizer().encode(source, Metric.L2));
          assertRefused(
              file,
              other,
              Metric.L2,
              "the shadow must be of these rows (memory): file=%s, offset=40, expected=%016x, found=%016x"
                  .formatted(file, expected, identity(file)));
        }
      }
    }
  }

  /** Rows of other types have the same bytes, but other values. */
  @Test
  void open_ofAnotherElementType_saysSo(SplittableRandom random) throws IOException {
    var bytes = new byte[20 * 4];
    random.nextBytes(bytes);
    try (var source = VectorSource.of(bytes, 4, ElementType.INT8);
        var other = VectorSource.of(bytes, 4, ElementType.UINT8)) {
      long expected = identity(saved(quantizer().encode(other, Metric.L2)));
      var file = saved(quantizer().encode(source, Metric.L2));
      assertRefused(
          file,
          other,
          Metric.L2,
          "the shadow must be of these rows (memory): file=%s, offset=40, expected=%016x, found=%016x"
              .formatted(file, expected, identity(file)));
    }
  }

  /** The last step of saving fails, for a folder that is not empty cannot be replaced by a file. */
  @Test
  void save_thatFails_leavesWhatWasThere(SplittableRandom random) throws IOException {
    var occupied = Files.createDirectory(folder.resolve("rows.shadow"));
    Files.writeString(occupied.resolve("precious"), "old");
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var shadow = quantizer().encode(source, Metric.L2);
      assertThatThrownBy(() -> shadow.save(occupied)).isInstanceOf(IOException.class);
      assertThat(folder.toFile().list()).containsExactly("rows.shadow");
      assertThat(occupied.resolve("precious")).hasContent("old");
    }
  }

  @Test
  void save_overAnOldFile_replacesIt(SplittableRandom random) throws IOException {
    Files.writeString(folder.resolve("rows.shadow"), "old ".repeat(10_000));
    try (var source = VectorSource.of(TestVectors.gaussians(random, 20, 4))) {
      var file = saved(quantizer().encode(source, Metric.DOT));
      quantizer().open(file, source, Metric.DOT).verify();
    }
  }
}
