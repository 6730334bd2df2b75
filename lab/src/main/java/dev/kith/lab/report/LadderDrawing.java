package dev.kith.lab.report;

import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.ladder.RungResult;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Drawing of a ladder's bars, and of the parts of a rung's time. */
final class LadderDrawing {
  static final int TRACK = 16;
  static final int PARTS = 8;
  static final int AXIS = 16;

  private static final int MOST_RUNS = 200;

  private final LadderResult ladder;
  private final LogScale scale;

  LadderDrawing(LadderResult ladder) {
    this.ladder = ladder;
    var values = new ArrayList<Double>();
    for (var rung : ladder.rungs()) {
      values.add(rung.millis());
      values.add(rung.floorMillis());
    }
    this.scale = LogScale.over(values);
  }

  /** Axis of powers of ten, no more of them than fit a phone. */
  String axis() {
    var drawn = new StringBuilder();
    int step = scale.to() - scale.from() > 4 ? 2 : 1;
    for (int decade = scale.to(); decade >= scale.from(); decade -= step) {
      drawn.append(
          Svg.label(
              scale.place(Math.pow(10, decade)),
              AXIS - 4,
              BigDecimal.ONE.scaleByPowerOfTen(decade).toPlainString()));
    }
    return drawn.toString();
  }

  /** Bar of a rung's time on the log scale, with its floor. */
  String bar(RungResult rung) {
    var drawn = new StringBuilder(Svg.bar("block", 0, 1, 0, TRACK));
    for (int decade = scale.from() + 1; decade < scale.to(); decade++) {
      drawn.append(Svg.line("rule", scale.place(Math.pow(10, decade)), 0, TRACK));
    }
    drawn.append(
        Svg.bar(
            rung.device().equals("gpu") ? "gpu" : "cpu",
            0,
            scale.place(rung.millis()),
            2,
            TRACK - 4));
    if (rung.floorMillis() > 0) {
      drawn.append(Svg.line("floor", scale.place(rung.floorMillis()), 0, TRACK));
    }
    return drawn.toString();
  }

  /** Bar of the parts of a query's time on a device. */
  static String parts(DeviceTime time) {
    return Svg.stacked(
        List.of("kernels", "copies", "waiting"),
        List.of(time.kernels(), time.copies(), time.waiting()),
        time.kernels() + time.copies() + time.waiting(),
        PARTS);
  }

  /** Number of a rung's runs that are drawn. */
  static int runsDrawn(RungResult rung) {
    return Math.min(rung.runs().size(), MOST_RUNS);
  }

  /** Runs one after the other, each as wide as it is long: a slow one is seen. */
  static String runs(RungResult rung) {
    var some = rung.runs().subList(0, runsDrawn(rung));
    double all = some.stream().mapToDouble(Double::doubleValue).sum();
    var drawn = new StringBuilder();
    double from = 0;
    for (double run : some) {
      double width = run / Math.max(all, 1e-12);
      drawn.append(Svg.bar("run", from, from + width - 0.0006, 0, PARTS));
      from += width;
    }
    return drawn.toString();
  }

  Picture picture() {
    var task = ladder.task();
    var sheet =
        new Picture.Sheet()
            .heading("The ladder: milliseconds a query")
            .small(
                "%,d rows of %d elements, %s, %d neighbours; log scale"
                    .formatted(task.n(), task.dim(), task.metric(), task.k()))
            .space(4)
            .draw(AXIS, axis())
            .space(3);
    boolean timed = false;
    for (var rung : ladder.rungs()) {
      String together =
          rung.queriesAtOnce() > 1 ? ", %,d at once".formatted(rung.queriesAtOnce()) : "";
      sheet.named(rung.name() + together, ReportPage.figure(rung.millis()) + " ms");
      sheet.draw(TRACK, bar(rung));
      var time = rung.deviceTime();
      if (time != null) {
        timed = true;
        sheet.space(1).draw(PARTS, parts(time));
      }
      sheet.space(5);
    }
    sheet.space(3);
    boolean gpu = ladder.rungs().stream().anyMatch(rung -> rung.device().equals("gpu"));
    boolean cpu = ladder.rungs().stream().anyMatch(rung -> rung.device().equals("cpu"));
    var legend = new ArrayList<String>();
    if (cpu) {
      legend.addAll(List.of("cpu", "CPU"));
    }
    if (gpu) {
      legend.addAll(List.of("gpu", "GPU"));
    }
    legend.addAll(List.of("mark", "floor: no program is faster"));
    sheet.legend(legend.toArray(String[]::new));
    if (timed) {
      sheet.space(6).small("The lower bars: where that time went.");
      sheet.legend("kernels", "kernels", "copies", "copies", "waiting", "waiting");
    }
    return sheet.picture("ladder", "The ladder: milliseconds a query, on a log scale", told());
  }

  private String told() {
    var told = new StringBuilder();
    for (var rung : ladder.rungs()) {
      told.append(told.isEmpty() ? "" : "; ");
      told.append("%s %s ms".formatted(rung.name(), ReportPage.figure(rung.millis())));
    }
    return told.append('.').toString();
  }
}
