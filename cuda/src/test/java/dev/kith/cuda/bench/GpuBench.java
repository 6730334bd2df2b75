package dev.kith.cuda.bench;

import static java.util.Objects.requireNonNull;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.cuda.CudaBackend;
import dev.kith.cuda.SharedGpu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Measures exact search on a GPU, wall clock with the results on the host, against a search on this
 * machine's processors. Prints one JSON document, as {@code docs/results/gpu-*.json} hold it.
 */
public final class GpuBench {
  private static final String USAGE =
      """
      usage: GpuBench [--rows N] [--dim D] [--k K] [--metric l2|cosine|dot] [--batches 1,100]
                      [--data clustered|gaussian] [--type float32|float16|int8] [--filter SHARE]
                      [--repeat 30] [--check QUERIES] [--npy FOLDER] [--load REPEATS] [--out F.json]
                      [--segments S]: the rows in S parts, without and with a limit that they share
      """;

  private GpuBench() {}

  /** See the usage. */
  public static void main(String[] args) throws IOException {
    var options = new HashMap<String, String>();
    for (int i = 0; i < args.length; i++) {
      if (!args[i].startsWith("--") || i + 1 == args.length) {
        System.err.print(USAGE);
        System.exit(2);
      }
      options.put(args[i].substring(2), args[++i]);
    }
    new Run(options).run();
  }

  private record Row(
      int n,
      int dim,
      int queries,
      int k,
      double millis,
      double spread,
      long mismatches,
      boolean proved,
      double candidates,
      long fallbacks,
      double bytes) {
    String json() {
      return String.format(
          Locale.ROOT,
          "{\"n\":%d,\"dim\":%d,\"queries\":%d,\"k\":%d,\"millis\":%.4f,\"spread\":%.4f,\"mismatches\":%d,"
              + "\"proved\":%b,\"candidates\":%.1f,\"fallbacks\":%d,\"bytes\":%.0f}",
          n,
          dim,
          queries,
          k,
          millis,
          spread,
          mismatches,
          proved,
          candidates,
          fallbacks,
          bytes);
    }
  }

  private static final class Run {
    final Map<String, String> options;
    final int n;
    final int dim;
    final int k;
    final Metric metric;
    final int repeat;
    final int check;

    Run(Map<String, String> options) {
      this.options = options;
      n = number("rows", 75_000);
      dim = number("dim", 384);
      k = number("k", 10);
      metric = Metric.valueOf(options.getOrDefault("metric", "l2").toUpperCase(Locale.ROOT));
      repeat = number("repeat", 30);
      check = number("check", 50);
    }

    int number(String name, int otherwise) {
      return Integer.parseInt(options.getOrDefault(name, Integer.toString(otherwise)));
    }

    void run() throws IOException {
      var gpu = SharedGpu.get();
      int[] batches =
          Arrays.stream(options.getOrDefault("batches", "1").split(",", -1))
              .mapToInt(Integer::parseInt)
              .toArray();
      int most = Arrays.stream(batches).max().orElseThrow();
      var rows = data(0, n);
      var queries = data(n, most);
      var folder = options.get("npy");
      if (folder != null) {
        write(rows, Path.of(folder, "rows.npy"));
        write(queries, Path.of(folder, "queries.npy"));
      }
      var lines = new ArrayList<String>();
      int loads = number("load", 0);
      if (loads > 0 && folder != null) {
        lines.add(load(Path.of(folder, "rows.npy"), loads));
      }
      int segments = number("segments", 1);
      var search =
          segments > 1
              ? new SegmentedSearch(rows, metric, segments, false)
              : requireNonNull(new CudaBackend().searcher(new FlatData(rows, metric, null)));
      long start = System.nanoTime();
      var asked = SearchOptions.nearest(k).onBackend("cuda");
      double share = Double.parseDouble(options.getOrDefault("filter", "1"));
      if (share < 1) {
        var random = new SplittableRandom(5);
        asked = asked.among(RowFilter.of(n, _ -> random.nextDouble() < share));
      }
      search.search(queries.slice(0, 1), asked);
      System.err.printf("loaded and searched first: %.1f ms%n", (System.nanoTime() - start) / 1e6);
      Neighbors[] truth = truth(rows, queries, asked);
      for (int batch : batches) {
        lines.add(measure(search, queries.slice(0, batch), asked, truth).json());
        System.err.println(lines.getLast());
        if (segments > 1) {
          var limited = new SegmentedSearch(rows, metric, segments, true);
          lines.add(measure(limited, queries.slice(0, batch), asked, truth).json());
          System.err.println("with a limit: " + lines.getLast());
        }
      }
      var json =
          "{\"commit\":\"%s\",\"device\":\"%s\",\"driver\":\"%s\",\"data\":\"%s %s %s, filter %s\",\"rows\":[\n%s]}\n"
              .formatted(
                  System.getProperty("kith.commit", "unknown"),
                  gpu.device().name(),
                  gpu.toString().replaceAll(".*driver ([0-9.]+).*", "$1"),
                  options.getOrDefault("data", "clustered"),
                  options.getOrDefault("type", "float32"),
                  metric,
                  options.getOrDefault("filter", "1"),
                  String.join(",\n", lines));
      System.out.print(json);
      if (options.containsKey("out")) {
        Files.writeString(Path.of(options.get("out")), json);
      }
    }

    private Row measure(
        Searcher search, VectorSource queries, SearchOptions asked, Neighbors[] truth) {
      SearchResult result = search.search(queries, asked);
      var times = new double[repeat];
      // Until Java has compiled what runs often: two seconds, or fifty rounds of slow work.
      long warm = System.nanoTime() + 2_000_000_000L;
      for (int i = 0; i < 50 || (i < 10_000 && System.nanoTime() < warm); i++) {
        search.search(queries, asked);
        if (i >= 5 && System.nanoTime() > warm) {
          break;
        }
      }
      for (int i = 0; i < repeat; i++) {
        long start = System.nanoTime();
        result = search.search(queries, asked);
        times[i] = (System.nanoTime() - start) / 1e6;
      }
      Arrays.sort(times);
      int count = (int) queries.size();
      long mismatches = 0;
      for (int q = 0; q < Math.min(count, truth.length); q++) {
        mismatches += Arrays.equals(result.neighbors().get(q).rows(), truth[q].rows()) ? 0 : 1;
      }
      var report = result.report();
      double bytes = (double) n * ((dim + 15) / 16 * 16 + 16);
      return new Row(
          n,
          dim,
          count,
          k,
          times[repeat / 2],
          times[repeat * 9 / 10] - times[repeat / 10],
          mismatches,
          report.proved(),
          (double) report.work().keysComputed() / count,
          report.work().fallbacks(),
          bytes + (double) report.work().keysComputed() * dim * 4);
    }

    private Neighbors[] truth(VectorSource rows, VectorSource queries, SearchOptions asked) {
      int count = (int) Math.min(check, queries.size());
      if (count == 0) {
        return new Neighbors[0];
      }
      var cpu = Backends.chooseBelow(300, new FlatData(rows, metric, null));
      var result =
          cpu.searcher().search(queries.slice(0, count), asked.onBackend(cpu.backend().name()));
      return result.neighbors().toArray(Neighbors[]::new);
    }

    /** The loader alone: a mapped file, warm in the page cache, to device memory. */
    private String load(Path file, int loads) throws IOException {
      var gpu = SharedGpu.get();
      var times = new double[loads];
      long bytes = 0;
      try (var rows = VectorFiles.open(file)) {
        for (int i = -2; i < loads; i++) {
          long start = System.nanoTime();
          try (var buffer = gpu.loader().load(rows)) {
            bytes = buffer.byteSize();
            if (i >= 0) {
              times[i] = (System.nanoTime() - start) / 1e6;
            }
          }
        }
      }
      Arrays.sort(times);
      var line =
          String.format(
              Locale.ROOT,
              "{\"work\":\"load\",\"n\":%d,\"dim\":%d,\"millis\":%.2f,\"spread\":%.2f,\"bytes\":%d,\"gigabytesPerSecond\":%.1f}",
              n,
              dim,
              times[loads / 2],
              times[loads * 9 / 10] - times[loads / 10],
              bytes,
              bytes / times[loads / 2] / 1e6);
      System.err.println(line);
      return line;
    }

    private static void write(VectorSource rows, Path file) throws IOException {
      Files.createDirectories(file.getParent());
      try (var writer = VectorWriter.create(file, rows.dimension(), rows.elementType())) {
        for (var block : rows.blocks(4096)) {
          writer.append(block);
        }
        writer.commit();
      }
    }

    private VectorSource data(long first, long count) {
      var type =
          ElementType.valueOf(options.getOrDefault("type", "float32").toUpperCase(Locale.ROOT));
      var kind = options.getOrDefault("data", "clustered");
      var rows =
          switch (kind) {
            case "clustered" ->
                new ClusteredVectors(dim, Math.min(32, dim), 256, 0.5, 1).generate(first, count);
            case "gaussian" -> gaussian(first, count);
            default -> throw new IllegalArgumentException("no such data: " + kind);
          };
      return type == ElementType.FLOAT32 ? rows : converted(rows, type);
    }

    private VectorSource gaussian(long first, long count) {
      var memory = Arena.ofAuto().allocate(4L * dim * count, 64);
      LongStream.range(0, count)
          .parallel()
          .forEach(
              row -> {
                var random = new SplittableRandom((first + row) * 0x9E3779B97F4A7C15L + 7);
                for (int e = 0; e < dim; e++) {
                  memory.setAtIndex(
                      ValueLayout.JAVA_FLOAT, row * dim + e, (float) random.nextGaussian());
                }
              });
      return VectorSource.over(memory, 4L * dim, count, dim, ElementType.FLOAT32);
    }

    private VectorSource converted(VectorSource rows, ElementType type) {
      long stride = (long) dim * type.bytes();
      MemorySegment memory = Arena.ofAuto().allocate(stride * rows.size(), 64);
      LongStream.range(0, rows.size())
          .parallel()
          .forEach(
              row -> {
                var values = rows.row(row);
                for (int e = 0; e < dim; e++) {
                  long at = row * stride + (long) e * type.bytes();
                  if (type == ElementType.INT8) {
                    double code = Math.clamp(Math.rint(values[e] * 40.0), -127, 127);
                    memory.set(ValueLayout.JAVA_BYTE, at, (byte) code);
                  } else {
                    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, type.bitsOf(values[e]));
                  }
                }
              });
      return VectorSource.over(memory, stride, rows.size(), dim, type);
    }
  }
}
