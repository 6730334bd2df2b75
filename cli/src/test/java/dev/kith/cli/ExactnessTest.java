package dev.kith.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.input.DemoTexts;
import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Searches of random shape over hostile data, on every backend and with every shadow, against the
 * definition: no row may differ. 10,000 queries, a million in the campaign.
 */
@ExtendWith(Seeded.class)
class ExactnessTest {
  private static final int QUERIES = Seeded.effort() == 1 ? 10_000 : 50_000 * Seeded.effort();
  private static final int TEXTS = 300;

  /** Kinds of rows that are hard for searches, or might be for a bound. */
  private enum Data {
    GAUSSIAN,
    CLUSTERED,
    EMBEDDINGS,
    DUPLICATES,
    TIES,
    ZEROS,
    DENORMALS,
    MANY_MAGNITUDES,
    ONE_HOT,
    SPHERE,
    FAR_CLUSTERS,
    WIDE_ROWS,
    AT_THE_GUARDS
  }

  @Test
  void search_randomShapesAndHostileData_isTheDefinition(SplittableRandom random)
      throws IOException {
    var backends =
        Backends.statuses().stream()
            .filter(Backends.Status::usable)
            .map(Backends.Status::name)
            .toList();
    float[][] embeddings = embeddings();
    var asked = new EnumMap<Data, Integer>(Data.class);
    var bounds = new TreeMap<String, Integer>();
    int done = 0;
    while (done < QUERIES) {
      var kind = any(List.of(Data.values()), random);
      var rows = rows(kind, embeddings, random);
      var queries = queries(rows, kind, embeddings, random);
      var metric = any(List.of(Metric.values()), random);
      int k = random.nextInt(5) == 0 ? 1 + random.nextInt(rows.length) : 1 + random.nextInt(12);
      var filter = filter(rows.length, random);
      var backend = any(backends, random);
      boolean plain = random.nextInt(6) == 0;
      var quantizer = random.nextBoolean() ? Quantizer.INT8 : any(Quantizer.ALL, random);
      try (var source = VectorSource.of(rows);
          var batch = VectorSource.of(queries)) {
        Shadow shadow = plain ? null : quantizer.encode(source, metric);
        var search = Backends.choose(backend, new FlatData(source, metric, shadow)).searcher();
        var options = SearchOptions.nearest(k).withThreads(1 + random.nextInt(3)).among(filter);
        var result = search.search(batch, options);
        long[][] expected = definition(metric, rows, queries, k, filter);
        for (int q = 0; q < queries.length; q++) {
          assertThat(result.neighbors().get(q).rows())
              .as(
                  "%s %s k=%d rows=%d d=%d query %d of %d on %s by %s",
                  kind,
                  metric,
                  k,
                  rows.length,
                  rows[0].length,
                  q,
                  queries.length,
                  backend,
                  result.report().bound())
              .isEqualTo(expected[q]);
        }
        bounds.merge(backend + " " + result.report().bound(), queries.length, Integer::sum);
      }
      asked.merge(kind, queries.length, Integer::sum);
      done += queries.length;
    }
    System.out.printf("%d queries, none wrong: %s; %s%n", done, asked, bounds);
    assertThat(asked).containsOnlyKeys(Data.values());
    assertThat(bounds.keySet()).contains(backends.getFirst() + " int8");
  }

  private static long[][] definition(
      Metric metric, float[][] rows, float[][] queries, int k, @Nullable RowFilter filter) {
    var expected = new long[queries.length][];
    IntStream.range(0, queries.length)
        .parallel()
        .forEach(
            q ->
                expected[q] =
                    Arrays.stream(
                            TestVectors.nearest(
                                metric, queries[q], rows, filter == null ? k : rows.length))
                        .filter(row -> filter == null || filter.allows(row))
                        .limit(k)
                        .toArray());
    return expected;
  }

  private static <T> T any(List<T> values, SplittableRandom random) {
    return values.get(random.nextInt(values.size()));
  }

  private static @Nullable RowFilter filter(int size, SplittableRandom random) {
    double share = random.nextDouble();
    return switch (random.nextInt(6)) {
      case 0 -> RowFilter.of(size, _ -> random.nextDouble() < share);
      case 1 -> RowFilter.of(size, row -> row >= share * size);
      default -> null;
    };
  }

  /**
   * Real texts, embedded by the model that the demo uses. Where no model can run, a file named by
   * {@code -Dkith.test.embeddings} holds them.
   */
  private static float[][] embeddings() throws IOException {
    var file = System.getProperty("kith.test.embeddings");
    if (file != null) {
      try (var vectors = VectorFiles.open(Path.of(file))) {
        var rows = new float[TEXTS][];
        Arrays.setAll(rows, vectors::row);
        return rows;
      }
    }
    try (var model = TextModel.load("bge-small-en-v15-q");
        var corpus = DemoTexts.open().corpus()) {
      var texts = corpus.limit(TEXTS).map(BeirText::content).toList();
      try (var vectors = model.embed(texts)) {
        var rows = new float[TEXTS][];
        Arrays.setAll(rows, vectors::row);
        return rows;
      }
    }
  }

  private static float[][] rows(Data kind, float[][] embeddings, SplittableRandom random) {
    if (kind == Data.EMBEDDINGS) {
      return Arrays.copyOfRange(embeddings, random.nextInt(TEXTS / 2), TEXTS);
    }
    int d = random.nextInt(8) == 0 ? 1 + random.nextInt(400) : 1 + random.nextInt(48);
    int n = 1 + random.nextInt(random.nextInt(4) == 0 ? 700 : 150);
    var rows = TestVectors.gaussians(random, n, d);
    switch (kind) {
      case GAUSSIAN, EMBEDDINGS -> {}
      case CLUSTERED -> {
        var centres = TestVectors.gaussians(random, 4, d);
        each(rows, (r, i, x) -> 5 * centres[r % 4][i] + 0.1f * x);
      }
      case DUPLICATES -> {
        for (int r = 3; r < n; r++) {
          rows[r] = rows[random.nextInt(3)].clone();
        }
      }
      case TIES -> each(rows, (_, _, x) -> Math.round(x));
      case ZEROS -> each(rows, (r, _, x) -> r % 3 == 0 ? 0 : x);
      case DENORMALS -> each(rows, (_, _, x) -> x * 0x1p-140f);
      case MANY_MAGNITUDES -> {
        var scales = new float[n];
        for (int r = 0; r < n; r++) {
          scales[r] = (float) Math.pow(10, random.nextDouble(-15, 15));
        }
        each(rows, (r, _, x) -> x * scales[r]);
      }
      case ONE_HOT -> {
        int hot = random.nextInt(d);
        each(rows, (r, i, x) -> i == (hot + r) % d ? 1 + 0.01f * Math.round(x) : 0);
      }
      case SPHERE -> {
        // All are nearly as far from the origin: codes lose more than what tells the rows apart.
        for (var row : rows) {
          double squares = 0;
          for (float x : row) {
            squares += (double) x * x;
          }
          double factor = (1 + 1e-6 * random.nextDouble()) / Math.max(Math.sqrt(squares), 1e-9);
          for (int i = 0; i < d; i++) {
            row[i] *= (float) factor;
          }
        }
      }
      case FAR_CLUSTERS -> {
        var centres = TestVectors.gaussians(random, 3, d);
        each(rows, (r, i, x) -> 1000 * centres[r % 3][i] + 1e-3f * x);
      }
      case WIDE_ROWS -> {
        for (var row : rows) {
          for (int i = 0; i < d; i++) {
            row[i] *= Math.scalb(1f, random.nextInt(-40, 40));
          }
        }
      }
      case AT_THE_GUARDS -> {
        int exponent = random.nextBoolean() ? -54 : 50;
        for (var row : rows) {
          float scale = Math.scalb(1f, exponent + random.nextInt(-4, 5));
          for (int i = 0; i < d; i++) {
            row[i] *= scale;
          }
        }
      }
    }
    return rows;
  }

  private interface Element {
    float of(int row, int element, float gaussian);
  }

  private static void each(float[][] rows, Element change) {
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < rows[r].length; i++) {
        rows[r][i] = change.of(r, i, rows[r][i]);
      }
    }
  }

  /** Queries of the rows' kind, or equal to rows, or nearly, or zero. */
  private static float[][] queries(
      float[][] rows, Data kind, float[][] embeddings, SplittableRandom random) {
    int d = rows[0].length;
    int count = any(List.of(1, 2, 5, 17, 40), random);
    var queries = new float[count][];
    float[][] others = kind == Data.EMBEDDINGS ? embeddings : TestVectors.gaussians(random, 8, d);
    for (int q = 0; q < count; q++) {
      var row = rows[random.nextInt(rows.length)].clone();
      queries[q] =
          switch (random.nextInt(8)) {
            case 0 -> new float[d];
            case 1, 2 -> others[random.nextInt(others.length)].clone();
            case 3 -> row;
            default -> {
              for (int i = 0; i < d; i++) {
                row[i] += row[i] * (float) (0.3 * random.nextDouble(-1, 1));
              }
              yield row;
            }
          };
    }
    return queries;
  }
}
