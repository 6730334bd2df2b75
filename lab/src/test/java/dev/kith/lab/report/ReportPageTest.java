package dev.kith.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.peers.SpeedCurve;
import dev.kith.lab.profile.Activity;
import dev.kith.lab.profile.Profile;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReportPageTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path temp;

  @Test
  void text_wholeReport_hasEverySectionAndNumber() {
    var report = Reports.whole("A report");
    String page = ReportPage.text(report);
    for (String section :
        List.of(
            "The ladder",
            "Throughput against batch size",
            "Latency of single queries",
            "Memory",
            "Candidates and proofs",
            "The vectors on a plane",
            "Profile",
            "Machine, versions, commands")) {
      assertThat(page).contains("<h2>" + section + "</h2>");
    }
    assertThat(page)
        .contains("for (int i = 0; i &lt; n &amp;&amp; a[i] &gt; &quot;0&quot;; i++) {}")
        .contains("Why simd is as fast as it is.")
        .contains("20,000 times as fast as the first")
        .contains("kernels 0.0100 ms, copies 0.00600 ms, waiting 0.00400 ms")
        .contains("Not run: graph (gpu): no room")
        .contains("kernels take 92.9 % of all")
        .contains("Search &lt;1&gt;")
        .contains("two cores &amp; &lt;one&gt; cache")
        .contains("kith lab report --n 300 --dim 8 --out r.html")
        .contains("Permission is hereby granted"); // uPlot's licence
    assertThat(report.measurements())
        .allSatisfy(
            measured -> {
              assertThat(measured.effort().queries()).isEqualTo(9);
              assertThat(measured.effort().proved()).isTrue();
              assertThat(measured.effort().candidates()).isGreaterThanOrEqualTo(5);
              assertThat(measured.bytes().rows()).isEqualTo(300 * 8 * 4);
              assertThat(measured.rates())
                  .extracting(Measurement.Rate::batch)
                  .containsExactly(1, 8);
            });
  }

  /** Nothing is fetched: no address but the namespaces and links in licences, no other file. */
  @Test
  void text_wholeReport_needsNoOtherFile() {
    String page = ReportPage.text(Reports.whole("A report"));
    assertThat(page)
        .doesNotContainPattern("<link|@import|url\\(|<img|<script src|fetch\\(|XMLHttpRequest");
    assertThat(Pattern.compile("(?:href|src)\\s*=").matcher(page).results()).isEmpty();
  }

  @Test
  void text_scriptInTheData_cannotEndItsScript() {
    var bad =
        new Measurement(
            "</script><script>alert(1)</script>",
            "flat",
            0,
            new Measurement.Bytes(1, 0, 0),
            new Measurement.Effort(1, 1, "float32", 0, true),
            List.of(new Measurement.Rate(1, 2)),
            new Measurement.Latency(List.of(1.0)));
    String page =
        ReportPage.text(
            new Report(
                "t",
                Instant.EPOCH,
                Map.of(),
                List.of(),
                null,
                null,
                List.of(bad),
                null,
                null,
                null,
                List.of()));
    assertThat(page).doesNotContain("<script>alert").contains("\\u003c/script>");
  }

  /** Whatever a text holds, the page has the tags that it has for a harmless one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "-->",
        "<img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "' onmouseover='alert(1)",
        "\" onmouseover=\"alert(1)",
        "]]></title></style></pre></code><h2>",
        "&lt;img&gt; &amp;",
        "a\u2028b\u2029c"
      })
  void text_hostileTexts_stayTexts(String hostile) throws Exception {
    String page = ReportPage.text(everywhere(hostile));
    assertThat(tags(page)).isEqualTo(tags(ReportPage.text(everywhere("harmless"))));
    int data = page.indexOf("id=\"data\">") + 10;
    String json = page.substring(data, page.indexOf("</script>", data));
    assertThat(json).doesNotContain("<", "\u2028", "\u2029");
    assertThat(JSON.readTree(json).get("series").get(0).get("label").asText())
        .isEqualTo(hostile + ", " + hostile);
  }

  /** Names of elements and of attributes, and where comments begin. */
  private static List<String> tags(String page) {
    return Pattern.compile("<!--|</?[a-zA-Z][^>\"]*(?:\"[^\"]*\"[^>\"]*)*>")
        .matcher(page.replaceAll("aria-label=\"[^\"]*\"", "aria-label"))
        .results()
        .map(MatchResult::group)
        .toList();
  }

  private static Report everywhere(String text) {
    var measured =
        new Measurement(
            text,
            text,
            0,
            new Measurement.Bytes(1, 0, 0),
            new Measurement.Effort(1, 1, text, 0, true),
            List.of(new Measurement.Rate(1, 2)),
            new Measurement.Latency(List.of(1.0)));
    var ladder = Reports.ladder();
    var place = new Activity.Place(0, 1, 7, 3);
    var size = new Activity.Size(1, 1, 1);
    return new Report(
        text,
        Instant.EPOCH,
        Map.of(text, text),
        List.of(text),
        new Report.Data(text, 1, 2, 3, 4, text),
        new LadderResult(
            new LadderResult.Task(text, 1, 2, 3, 4, text),
            text,
            text,
            ladder.rungs(),
            List.of(new LadderResult.Skipped(text, text, text))),
        List.of(measured),
        new PeerResult(
            text,
            1,
            2,
            3,
            4,
            text,
            null,
            5,
            6,
            text,
            text,
            List.of(
                new PeerResult.Measured(
                    text,
                    text,
                    1,
                    2,
                    List.of(new SpeedCurve.Point(text, 0.9, 100, 1)),
                    List.of(new SpeedCurve.Speed(0.95, null, false)))),
            List.of(new PeerResult.Missing(text, text))),
        null,
        new Profile(
            Instant.EPOCH,
            1_000,
            1,
            List.of(
                new Activity.Range(0, 900, 5, text, text, Map.of()),
                new Activity.Kernel(10, 700, place, text, text, size, size, 32, 0, 0, 0)),
            List.of(),
            Map.of(5L, text),
            Map.of("command", text),
            List.of(text)),
        List.of(new Stretch("copy", 10, 500)));
  }

  /** The page shows the curves, the speeds at the recalls asked for, and what did not run. */
  @Test
  void text_curves_areDrawnAndTabled() {
    assertThat(ReportPage.text(Reports.whole("A report")))
        .contains(
            "<h2>Recall against speed</h2>",
            "synthetic: 300 x 8 (intrinsic dimension 3.8), l2, k=5, ",
            "<th>queries a CPU-second at recall</th><th>0.95</th><th>0.999</th>",
            "<td>kith graph(r=32)</td><td>2,480</td><td>-</td><td>2.50</td>",
            "Not run: FAISS HNSW32: not installed",
            ">hnswlib M=16 &lt;C++&gt;</text>");
  }

  @Test
  void text_profileAlone_hasNoOtherSection() {
    String page =
        ReportPage.text(
            new Report(
                "t",
                Instant.EPOCH,
                Map.of(),
                List.of(),
                null,
                null,
                List.of(),
                null,
                null,
                Reports.profile(),
                List.of()));
    assertThat(page)
        .contains("<h2>Profile</h2>")
        .doesNotContain("The ladder", "Throughput", "Recall against");
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "1234.5,'1,235'",
    "26,26.0",
    "12.345,12.3",
    "0.00012345,0.000123",
    "99.95,100",
    "1e-12,0.000000000"
  })
  void figure_anyNumber_hasThreeFigures(double value, String text) {
    assertThat(ReportPage.figure(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 B",
    "999,999 B",
    "1000,1.00 kB",
    "999600,1.00 MB",
    "153600000,154 MB",
    "80000000000,80.0 GB"
  })
  void bytes_anyNumber_hasAUnit(long value, String text) {
    assertThat(ReportPage.bytes(value)).isEqualTo(text);
  }

  /** Opens the page in a browser without a network: the charts are drawn, and nothing failed. */
  @ParameterizedTest
  @CsvSource({"390,light", "390,dark", "1280,light", "1280,dark"})
  void write_openedInChromium_drawsTheCharts(int width, String scheme) throws Exception {
    var browser =
        Stream.of("chromium", "chromium-browser", "google-chrome")
            .flatMap(
                name ->
                    Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                        .map(folder -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(browser.isPresent(), "there is no Chromium on the PATH: apt-get install chromium");
    var file = temp.resolve("report.html");
    ReportPage.write(file, Reports.whole("A report"));
    var dom = temp.resolve("dom.html");
    var process =
        new ProcessBuilder(
                browser.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--proxy-server=127.0.0.1:9",
                "--user-data-dir=" + temp.resolve("browser"),
                "--blink-settings=preferredColorScheme=" + (scheme.equals("dark") ? 0 : 1),
                "--window-size=%d,900".formatted(width),
                "--virtual-time-budget=3000",
                "--dump-dom",
                file.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(temp.resolve("err.txt").toFile())
            .start();
    try {
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("Chromium ended").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    String drawn = Files.readString(dom);
    assertThat(drawn).contains("data-charts=\"2\"").doesNotContain("data-failure");
    assertThat(Pattern.compile("<canvas").matcher(drawn).results()).hasSize(2);
  }
}
