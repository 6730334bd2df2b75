package dev.kith.lab.report;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.ladder.LadderResult.Skipped;
import dev.kith.lab.ladder.LadderResult.Task;
import dev.kith.lab.ladder.RungResult;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.peers.SpeedCurve;
import dev.kith.lab.profile.Activity;
import dev.kith.lab.profile.CopyKind;
import dev.kith.lab.profile.MemoryKind;
import dev.kith.lab.profile.Profile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Report for tests, with everything that a report can have. */
final class Reports {
  private Reports() {}

  static Report whole(String title) {
    var data = new ClusteredVectors(8, 4, 10, 0.5, 1);
    try (var rows = data.generate(0, 300);
        var queries = data.generate(300, 9)) {
      var measured = new ArrayList<Measurement>();
      for (String spec : List.of("flat", "flat(shadow=int8)")) {
        var index = VectorIndex.over(rows, Metric.L2, spec);
        measured.add(Measurement.of(index, queries, 5, "scalar", 0.25, 0));
      }
      var found = VectorIndex.over(rows, Metric.L2, "flat").search(queries.row(0), 5).rows();
      return new Report(
          title,
          Instant.parse("2026-01-02T03:04:05Z"),
          Map.of("machine", "two cores & <one> cache"),
          List.of("kith lab report --n 300 --dim 8 --out r.html"),
          new Report.Data("synthetic", 300, 8, 9, 5, "l2"),
          ladder(),
          measured,
          curves(),
          VectorMap.of(rows, queries.row(0), found),
          profile(),
          List.of(new Stretch("copy", 900, 51_000)));
    }
  }

  static PeerResult curves() {
    return new PeerResult(
        "synthetic",
        300,
        8,
        9,
        5,
        "l2",
        3.75,
        3,
        500,
        "a machine",
        "0123456789ab",
        List.of(
            curve("kith graph(r=32)", 4_000, 0.91, 0.968, 0.997),
            curve("hnswlib M=16 <C++>", 1_000, 0.9, 0.95, 1)),
        List.of(new PeerResult.Missing("FAISS HNSW32", "not installed")));
  }

  private static PeerResult.Measured curve(String name, double rate, double... recalls) {
    var points = new ArrayList<SpeedCurve.Point>();
    for (int i = 0; i < recalls.length; i++) {
      points.add(new SpeedCurve.Point("beam " + 10 * (i + 1), recalls[i], rate / (i + 1), 1.1));
    }
    var curve = new SpeedCurve(points);
    return new PeerResult.Measured(
        name, "1.0", 2.5, 9_600, points, List.of(curve.at(0.95), curve.at(0.999)));
  }

  static LadderResult ladder() {
    return new LadderResult(
        new Task("synthetic", 300, 8, 9, 5, "l2"),
        "a machine",
        "0123456789ab",
        List.of(
            rung("scalar", "cpu", 400, 2, null, "for (int i = 0; i < n && a[i] > \"0\"; i++) {}"),
            rung("simd", "cpu", 9.5, 2, null, "sum = gap.fma(gap, sum);"),
            rung(
                "kernel",
                "gpu",
                0.02,
                0.004,
                new DeviceTime(0.01, 0.006, 0.004),
                "__global__ void f() {}")),
        List.of(new Skipped("graph", "gpu", "no room")));
  }

  private static RungResult rung(
      String name,
      String device,
      double millis,
      double floor,
      @Nullable DeviceTime time,
      String code) {
    return new RungResult(
        name,
        device,
        millis,
        millis / 10,
        List.of(1L, 2L),
        true,
        9_600,
        floor,
        name.equals("scalar"),
        1,
        1,
        300,
        name,
        10,
        List.of(millis, millis * 1.1, millis * 0.9),
        time,
        "Why " + name + " is as fast as it is.",
        code,
        "src/%s.java".formatted(name),
        null,
        List.of());
  }

  static Profile profile() {
    var place = new Activity.Place(0, 1, 7, 3);
    var size = new Activity.Size(1, 1, 1);
    return new Profile(
        Instant.EPOCH,
        1_000_000,
        1,
        List.of(
            new Activity.Range(0, 900_000, 5, "Search <1>", "kith", Map.of()),
            new Activity.Range(100, 800_000, 5, "Index search", "kith", Map.of()),
            new Activity.Memcpy(
                1_000, 50_000, place, 4_096, CopyKind.HTOD, MemoryKind.PINNED, MemoryKind.DEVICE),
            new Activity.Kernel(
                60_000, 700_000, place, "void scan<int>(int)", "s", size, size, 32, 0, 0, 0)),
        List.of(),
        Map.of(5L, "main"),
        Map.of("command", "kith bench"),
        List.of("a note"));
  }
}
