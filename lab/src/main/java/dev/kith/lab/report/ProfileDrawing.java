package dev.kith.lab.report;

import dev.kith.lab.profile.Activity;
import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.OnDevice;
import dev.kith.lab.profile.Activity.Range;
import dev.kith.lab.profile.Profile;
import dev.kith.lab.profile.ProfileSummary;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** A profile as a summary and a timeline: a lane a stream or thread, nested ranges below. */
final class ProfileDrawing {
  /** Of all, those that took longest; the others could not be seen. */
  private static final int DRAWN = 3000;

  private static final int WIDTH = 1000;
  private static final int LINE = 14;
  private static final int DEEPEST = 6;

  private final Profile profile;

  ProfileDrawing(Profile profile) {
    this.profile = profile;
  }

  void append(StringBuilder html) {
    var summary = ProfileSummary.of(profile);
    html.append("<section>\n<h2>Profile</h2>\n");
    paragraph(html, "about", profile.about().getOrDefault("command", ""));
    var facts = new ArrayList<String>();
    facts.add("%s s".formatted(ReportPage.figure(profile.nanos() / 1e9)));
    facts.add("%,d activities".formatted(profile.activities().size()));
    if (Objects.equals(summary.timedBy(), "events")) {
      facts.add(
          "%,d searches on the GPU, timed by events: kernels %s ms, copies %s ms"
              .formatted(
                  summary.kernels().count(),
                  millis(summary.kernels().nanos()),
                  millis(summary.copies().nanos())));
    } else if (summary.kernelShare() != null) {
      facts.add(
          "%,d kernels %s ms"
              .formatted(summary.kernels().count(), millis(summary.kernels().nanos())));
      facts.add(
          "%,d copies %s ms, %s"
              .formatted(
                  summary.copies().count(),
                  millis(summary.copies().nanos()),
                  ReportPage.bytes(summary.copies().bytes())));
      facts.add(
          "%,d memsets %s ms"
              .formatted(summary.memsets().count(), millis(summary.memsets().nanos())));
      facts.add("kernels take %.1f %% of all".formatted(100 * summary.kernelShare()));
    }
    facts.add(
        "nothing ran on %s for %s ms of %s ms"
            .formatted(
                summary.gaps().of(),
                millis(summary.gaps().nanos()),
                millis(summary.gaps().spanNanos())));
    paragraph(html, "facts", String.join(" · ", facts));
    longest(html, summary);
    lanes().forEach((name, activities) -> lane(html, name, activities));
    for (String note : profile.notes()) {
      paragraph(html, "quiet", note);
    }
    profile.about().entrySet().stream()
        .filter(entry -> !entry.getKey().equals("command"))
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> paragraph(html, "quiet", entry.getKey() + ": " + entry.getValue()));
    html.append("</section>\n");
  }

  private static void longest(StringBuilder html, ProfileSummary summary) {
    html.append("<div class=\"wide\"><table>\n<tr><th>longest by name</th><th>kind</th>");
    html.append("<th>ms</th><th>count</th><th>longest, ms</th></tr>\n");
    for (var each : summary.longest()) {
      html.append("<tr>");
      for (String cell :
          List.of(
              each.name(),
              each.kind(),
              millis(each.nanos()),
              "%,d".formatted(each.count()),
              millis(each.longestNanos()))) {
        html.append("<td>").append(ReportPage.escape(cell)).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  /** Streams first, then threads, by name. */
  private Map<String, List<Activity>> lanes() {
    var lanes = new TreeMap<String, List<Activity>>();
    profile.activities().stream()
        .sorted(Comparator.comparingLong(Activity::nanos).reversed())
        .limit(DRAWN)
        .sorted(
            Comparator.comparingLong(Activity::start)
                .thenComparing(Comparator.comparingLong(Activity::end).reversed()))
        .forEach(each -> lanes.computeIfAbsent(lane(each), _ -> new ArrayList<>()).add(each));
    return lanes;
  }

  private String lane(Activity activity) {
    return switch (activity) {
      case OnDevice work ->
          "GPU %d, stream %d".formatted(work.place().device(), work.place().stream());
      case Call call -> thread(call.thread());
      case Range range -> thread(range.thread());
    };
  }

  private String thread(long id) {
    return "thread %s".formatted(profile.threads().getOrDefault(id, Long.toString(id)));
  }

  private void lane(StringBuilder html, String name, List<Activity> activities) {
    double scale = WIDTH / (double) Math.max(profile.nanos(), 1);
    var open = new ArrayDeque<Long>(); // the ends of what contains the next one
    var drawn = new StringBuilder();
    int deepest = 0;
    for (var each : activities) {
      while (!open.isEmpty() && open.peek() <= each.start()) {
        open.pop();
      }
      int depth = Math.min(open.size(), DEEPEST - 1);
      deepest = Math.max(deepest, depth);
      open.push(each.end());
      drawn.append(
          String.format(
              Locale.ROOT,
              "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\"><title>%s, %s ms"
                  + " at %s ms</title></rect>%n",
              kind(each),
              each.start() * scale,
              depth * LINE,
              Math.max(each.nanos() * scale, 0.3),
              LINE - 2,
              ReportPage.escape(each instanceof Kernel kernel ? kernel.shortName() : each.name()),
              millis(each.nanos()),
              millis(each.start())));
    }
    int height = (deepest + 1) * LINE;
    paragraph(html, "lane", name);
    html.append(
        "<svg class=\"timeline\" viewBox=\"0 0 %d %d\" style=\"height:%dpx\" preserveAspectRatio=\"none\">%n"
            .formatted(WIDTH, height, height));
    html.append(drawn).append("</svg>\n");
  }

  private static String kind(Activity activity) {
    return switch (activity) {
      case Kernel _ -> "kernels";
      case Memcpy _, Memset _ -> "copies";
      case Call _ -> "calls";
      case Range range -> range.domain().equals("jvm") ? "jvm" : "ranges";
    };
  }

  private static void paragraph(StringBuilder html, String kind, String text) {
    html.append("<p class=\"").append(kind).append("\">");
    html.append(ReportPage.escape(text)).append("</p>\n");
  }

  private static String millis(long nanos) {
    return ReportPage.figure(nanos / 1e6);
  }
}
