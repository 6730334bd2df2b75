package dev.kith.lab.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.core.vector.WholeFile;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.ladder.RungResult;
import dev.kith.lab.peers.PeerResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Page of a report: one HTML file that needs nothing else, no network, no other file. All text is
 * there without JavaScript, which draws only the line charts.
 */
public final class ReportPage {
  private static final JsonMapper JSON = new JsonMapper();
  private static final MathContext FIGURES = new MathContext(3);
  private static final int MAP_WIDTH = 800;
  private static final int MAP_HEIGHT = 500;
  private static final double[] PERCENTILES = {50, 75, 90, 95, 99, 99.9};

  private final Report report;
  private final StringBuilder html = new StringBuilder();

  private ReportPage(Report report) {
    this.report = report;
  }

  /** Writes a file, or overwrites it; completely or not at all. */
  public static void write(Path file, Report report) throws IOException {
    var bytes = new ReportPage(report).page().getBytes(UTF_8);
    try (var out = new WholeFile(file)) {
      out.append(MemorySegment.ofArray(bytes));
      out.commit();
    }
  }

  /** Text of the page. */
  static String text(Report report) {
    return new ReportPage(report).page();
  }

  private String page() {
    html.append(
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        """);
    element("title", report.title());
    html.append("<style>\n").append(resource("uplot/uPlot.min.css"));
    html.append(resource("picture.css"))
        .append(resource("report.css"))
        .append("</style>\n</head>\n<body>\n<main>\n");
    head();
    if (report.ladder() != null) {
      ladder(report.ladder());
    }
    if (!report.measurements().isEmpty()) {
      throughput();
      latency();
      memory();
      effort();
    }
    if (report.curves() != null) {
      curves(report.curves());
    }
    if (report.map() != null) {
      map(report.map());
    }
    if (report.profile() != null) {
      new ProfileDrawing(report.profile()).append(html, report.stretches());
    }
    about();
    html.append("</main>\n<script type=\"application/json\" id=\"data\">");
    html.append(inScript(json(charts()))).append("</script>\n");
    html.append("<script>\n").append(resource("uplot/uPlot.iife.min.js")).append("</script>\n");
    html.append("<script>\n").append(resource("report.js")).append("</script>\n");
    return html.append("</body>\n</html>\n").toString();
  }

  private void head() {
    html.append("<header>\n");
    element("h1", report.title());
    var data = report.data();
    if (data != null) {
      element(
          "p",
          "%s: %,d rows of %d elements, %s, %d queries, %d neighbours each"
              .formatted(
                  data.name(), data.n(), data.dim(), data.metric(), data.queries(), data.k()));
    }
    element("p class=\"quiet\"", report.when().toString());
    html.append("</header>\n");
  }

  // ---- the ladder ----

  private void ladder(LadderResult ladder) {
    section(
        "The ladder",
        "One search, slow to fast. The bars are milliseconds a query on a log scale: each line is"
            + " ten times the one to its left. The thin mark is the floor, faster than which no"
            + " program can be that reads those bytes and does those operations on this machine.");
    var task = ladder.task();
    element(
        "p class=\"quiet\"",
        "%s: %,d rows of %d elements, %s, %d queries, %d neighbours each; %s; commit %s"
            .formatted(
                task.data(),
                task.n(),
                task.dim(),
                task.metric(),
                task.queries(),
                task.k(),
                ladder.machine(),
                ladder.commit()));
    var drawing = new LadderDrawing(ladder);
    html.append("<ol class=\"ladder\">\n<li>");
    html.append(Svg.inPage("axis", LadderDrawing.AXIS, "milliseconds", drawing.axis()));
    html.append("</li>\n");
    for (var rung : ladder.rungs()) {
      rung(rung, drawing, ladder.rungs().getFirst());
    }
    html.append("</ol>\n");
    for (var skipped : ladder.skipped()) {
      element(
          "p class=\"quiet\"",
          "Not run: %s (%s): %s".formatted(skipped.name(), skipped.device(), skipped.reason()));
    }
    end();
  }

  private void rung(RungResult rung, LadderDrawing drawing, RungResult slowest) {
    html.append("<li>\n<div>\n");
    html.append("<div class=\"rung\"><h3>").append(Svg.escape(rung.name())).append("</h3>");
    html.append("<span class=\"number\">");
    html.append(Svg.escape(figure(rung.millis()))).append(" ms</span></div>\n");
    html.append(
        Svg.inPage(
            "track",
            LadderDrawing.TRACK,
            "%s ms; floor %s ms".formatted(figure(rung.millis()), figure(rung.floorMillis())),
            drawing.bar(rung)));
    var facts = new ArrayList<String>();
    facts.add(
        "%s, %d thread%s"
            .formatted(rung.servedBy(), rung.threads(), rung.threads() == 1 ? "" : "s"));
    if (!rung.equals(slowest)) {
      double faster = slowest.millis() / rung.millis();
      facts.add("%s times as fast as the first".formatted(figure(faster)));
    }
    facts.add("spread %s ms".formatted(figure(rung.spread())));
    if (rung.floorMillis() > 0) {
      facts.add("%s times the floor".formatted(figure(rung.millis() / rung.floorMillis())));
    }
    facts.add("%s read".formatted(bytes(rung.bytes())));
    if (rung.queriesAtOnce() > 1) {
      facts.add("%d queries at once".formatted(rung.queriesAtOnce()));
    }
    facts.add(rung.sampled() ? "scaled from %,d rows".formatted(rung.rowsSearched()) : "all rows");
    facts.add(
        (rung.sameRows() ? "same rows as the definition" : "NOT the rows of the definition")
            + (rung.sampled() ? " names of those" : ""));
    facts.addAll(rung.remarks());
    element("p class=\"facts\"", String.join(" · ", facts));
    timeline(rung);
    html.append("</div>\n<details class=\"code\" open><summary>What it does, and its code");
    html.append("</summary>\n");
    element("p", rung.explanation());
    html.append("<pre><code>").append(Svg.escape(rung.code().strip())).append("</code></pre>\n");
    element("p class=\"quiet\"", rung.codeFile());
    html.append("</details>\n</li>\n");
  }

  /** Draws the parts of a query's time on a device; else each run beside the others. */
  private void timeline(RungResult rung) {
    var device = rung.deviceTime();
    if (device != null) {
      var told =
          "kernels %s ms, copies %s ms, waiting %s ms"
              .formatted(
                  figure(device.kernels()), figure(device.copies()), figure(device.waiting()));
      html.append(Svg.inPage("parts", LadderDrawing.PARTS, told, LadderDrawing.parts(device)));
      element("p class=\"facts\"", "of that: " + told);
      return;
    }
    if (rung.runs().isEmpty()) {
      return;
    }
    int drawn = LadderDrawing.runsDrawn(rung);
    html.append(Svg.inPage("parts", LadderDrawing.PARTS, "runs", LadderDrawing.runs(rung)));
    element(
        "p class=\"facts\"",
        "timeline: %d runs%s, %s ms a query on average, after %s ms of warm-up"
            .formatted(
                rung.runs().size(),
                drawn < rung.runs().size() ? " (the first %d drawn)".formatted(drawn) : "",
                figure(rung.runs().stream().mapToDouble(Double::doubleValue).average().orElse(0)),
                figure(rung.warmUpMillis())));
  }

  private void map(VectorMap map) {
    section("The vectors on a plane", MapDrawing.told(map));
    html.append(
        "<svg class=\"wholemap\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"map\">%n"
            .formatted(MAP_WIDTH, MAP_HEIGHT));
    html.append(new MapDrawing(map, MAP_WIDTH, MAP_HEIGHT).drawn(true)).append("</svg>\n");
    end();
  }

  // ---- approximate indexes ----

  private void curves(PeerResult curves) {
    section(
        "Recall against speed",
        "Share of the true neighbours that were found, and queries answered in a second of work,"
            + " one at a time on one thread. Contestants take turns piece by piece, and the least"
            + " time of each piece counts. Speeds are on a log scale; recalls on one where 0.9 to"
            + " 0.99 takes the room of 0.99 to 0.999.");
    element("p class=\"quiet\"", curves.lines().getFirst());
    var plot = RecallPlot.of(curves);
    if (plot != null) {
      var drawing = new RecallDrawing(plot, MAP_WIDTH, MAP_HEIGHT);
      html.append(
          "<svg class=\"wholemap\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%s</svg>\n"
              .formatted(MAP_WIDTH, MAP_HEIGHT, Svg.escape(plot.told()), drawing.drawn()));
      for (int i = 0; i < plot.lines().size(); i++) {
        html.append(
            Svg.inPage(
                "track",
                LadderDrawing.TRACK,
                plot.lines().get(i).name(),
                drawing.legend(i, plot.lines().get(i).name(), true)));
      }
    }
    var header = new ArrayList<String>(List.of("queries a CPU-second at recall"));
    var rows = new ArrayList<List<String>>();
    for (var one : curves.contestants()) {
      var row = new ArrayList<String>(List.of(one.name()));
      for (var speed : one.speeds()) {
        if (rows.isEmpty()) {
          header.add(String.valueOf(speed.recall()));
        }
        var rate = speed.queriesPerCpuSecond();
        row.add(rate == null ? "-" : (speed.leastEffort() ? ">" : "") + figure(rate));
      }
      row.add(figure(one.buildCpuSeconds()));
      row.add(bytes(one.bytes()));
      rows.add(row);
    }
    header.addAll(List.of("build CPU-s", "index and rows"));
    table(header, rows, null);
    for (var missing : curves.missing()) {
      element("p class=\"quiet\"", "Not run: %s: %s".formatted(missing.name(), missing.reason()));
    }
    end();
  }

  // ---- measurements ----

  private void throughput() {
    section(
        "Throughput against batch size",
        "Queries a second on all cores, as so many are handed over together; both axes are"
            + " logarithmic.");
    html.append("<div class=\"chart\" id=\"throughput\"></div>\n");
    var rows = new ArrayList<List<String>>();
    for (var measured : report.measurements()) {
      for (var rate : measured.rates()) {
        rows.add(
            List.of(
                label(measured), Integer.toString(rate.batch()), figure(rate.queriesPerSecond())));
      }
    }
    table(List.of("index, backend", "batch", "queries/s"), rows, "The numbers");
    end();
  }

  private void latency() {
    section(
        "Latency of single queries",
        "So many percent of the searches took no longer, in microseconds, on a log scale.");
    html.append("<div class=\"chart\" id=\"latency\"></div>\n");
    var header = new ArrayList<String>(List.of("index, backend", "searches"));
    for (double percentile : PERCENTILES) {
      header.add(percentile(percentile));
    }
    header.add("longest");
    var rows = new ArrayList<List<String>>();
    for (var measured : report.measurements()) {
      var row = new ArrayList<String>();
      row.add(label(measured));
      row.add("%,d".formatted(measured.latency().micros().size()));
      for (double percentile : PERCENTILES) {
        row.add(figure(measured.latency().percentile(percentile)));
      }
      row.add(figure(measured.latency().percentile(100)));
      rows.add(row);
    }
    table(header, rows, null);
    end();
  }

  private void memory() {
    section(
        "Memory", "Rows, the smaller copy that is scanned first, and what else an index keeps.");
    long most =
        report.measurements().stream()
            .mapToLong(m -> m.bytes().rows() + m.bytes().shadow() + m.bytes().index())
            .max()
            .orElseThrow();
    for (var measured : report.measurements()) {
      var bytes = measured.bytes();
      html.append("<div class=\"rung\"><h3>").append(Svg.escape(label(measured)));
      html.append("</h3><span class=\"number\">");
      html.append(bytes(bytes.rows() + bytes.shadow() + bytes.index())).append("</span></div>\n");
      html.append(
          Svg.inPage(
              "track",
              LadderDrawing.TRACK,
              "memory",
              Svg.stacked(
                  List.of("rows", "shadow", "index"),
                  List.of((double) bytes.rows(), (double) bytes.shadow(), (double) bytes.index()),
                  (double) most,
                  LadderDrawing.TRACK)));
      element(
          "p class=\"facts\"",
          "rows %s · shadow %s · index %s · built in %s s"
              .formatted(
                  bytes(bytes.rows()),
                  bytes(bytes.shadow()),
                  bytes(bytes.index()),
                  figure(measured.buildSeconds())));
    }
    end();
  }

  private void effort() {
    section(
        "Candidates and proofs",
        "Candidates are the rows that the bound could not exclude, so that their canonical score"
            + " was computed. An answer is proved if every row that was not one is excluded for"
            + " certain.");
    var rows = new ArrayList<List<String>>();
    for (var measured : report.measurements()) {
      var effort = measured.effort();
      rows.add(
          List.of(
              label(measured),
              effort.bound(),
              figure(effort.candidates()),
              Long.toString(effort.fallbacks()),
              effort.proved() ? "all %,d".formatted(effort.queries()) : "not all"));
    }
    table(
        List.of("index, backend", "excluded by", "candidates a query", "fallbacks", "proved"),
        rows,
        null);
    end();
  }

  private void about() {
    section("Machine, versions, commands", null);
    html.append("<dl>\n");
    for (var entry : report.about().entrySet()) {
      element("dt", entry.getKey());
      element("dd", entry.getValue());
    }
    html.append("</dl>\n");
    if (!report.commands().isEmpty()) {
      html.append("<pre><code>").append(Svg.escape(String.join("\n", report.commands())));
      html.append("</code></pre>\n");
    }
    html.append("<details><summary>Line charts by uPlot, under the MIT licence</summary>\n<pre>");
    html.append(Svg.escape(resource("uplot/LICENSE").strip())).append("</pre>\n</details>\n");
    end();
  }

  // ---- what charts are drawn from ----

  private Map<String, Object> charts() {
    var series = new ArrayList<Map<String, Object>>();
    for (var measured : report.measurements()) {
      var latencies = new ArrayList<Double>();
      for (double percentile : PERCENTILES) {
        latencies.add(measured.latency().percentile(percentile));
      }
      series.add(
          Map.of(
              "label",
              label(measured),
              "batches",
              measured.rates().stream().map(Measurement.Rate::batch).toList(),
              "rates",
              measured.rates().stream().map(Measurement.Rate::queriesPerSecond).toList(),
              "latencies",
              latencies));
    }
    var names = new ArrayList<String>();
    for (double percentile : PERCENTILES) {
      names.add(percentile(percentile));
    }
    return Map.of("series", series, "percentiles", names);
  }

  private static String percentile(double percent) {
    return percent == Math.rint(percent)
        ? "p%.0f".formatted(percent)
        : String.format(Locale.ROOT, "p%s", percent);
  }

  private static String label(Measurement measured) {
    return measured.index() + ", " + measured.backend();
  }

  // ---- HTML ----

  private void section(String title, @Nullable String about) {
    html.append("<section>\n");
    element("h2", title);
    if (about != null) {
      element("p class=\"about\"", about);
    }
  }

  private void end() {
    html.append("</section>\n");
  }

  /** Adds an element with text inside; attributes may follow the name. */
  private void element(String tag, String text) {
    html.append('<').append(tag).append('>').append(Svg.escape(text));
    html.append("</").append(tag.split(" ", 2)[0]).append(">\n");
  }

  /** Adds a table: the first column to the left, the others, being numbers, to the right. */
  private void table(List<String> header, List<List<String>> rows, @Nullable String folded) {
    if (folded != null) {
      html.append("<details><summary>").append(Svg.escape(folded)).append("</summary>\n");
    }
    html.append("<div class=\"wide\"><table>\n<tr>");
    for (String cell : header) {
      html.append("<th>").append(Svg.escape(cell)).append("</th>");
    }
    html.append("</tr>\n");
    for (var row : rows) {
      html.append("<tr>");
      for (String cell : row) {
        html.append("<td>").append(Svg.escape(cell)).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n").append(folded != null ? "</details>\n" : "");
  }

  /** JSON in which nothing ends the script that it stands in. */
  static String inScript(String json) {
    return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Number with three significant digits, or all before the point, without an exponent. */
  static String figure(double value) {
    if (Math.abs(value) >= 100 || value == 0) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    var rounded = new BigDecimal(value).round(FIGURES);
    int decimals = FIGURES.getPrecision() - (rounded.precision() - rounded.scale());
    return String.format(Locale.ROOT, "%,." + Math.clamp(decimals, 0, 9) + "f", value);
  }

  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    String units = "kMGTP";
    double value = bytes;
    int unit = -1;
    while (value >= 999.5 && unit < units.length() - 1) {
      value /= 1000;
      unit++;
    }
    return figure(value) + " " + units.charAt(unit) + "B";
  }

  static String resource(String name) {
    try (var in = Objects.requireNonNull(ReportPage.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
