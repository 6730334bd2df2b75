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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Drawing of a profile as a summary and timelines: a lane a stream or thread, nested ranges below.
 */
final class ProfileDrawing {
  /** Most activities drawn, those that took longest; the others could not be seen. */
  private static final int DRAWN = 3000;

  private static final int LINE = 14;
  private static final int DEEPEST = 6;
  private static final int AXIS = 16;

  /** Kinds of activities with their names. */
  private static final Map<String, String> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put("kernels", "kernels");
    KINDS.put("copies", "copies");
    KINDS.put("calls", "driver calls");
    KINDS.put("ranges", "ranges");
    KINDS.put("jvm", "JVM");
  }

  private final Profile profile;

  ProfileDrawing(Profile profile) {
    this.profile = profile;
  }

  void append(StringBuilder html, List<Stretch> stretches) {
    var summary = ProfileSummary.of(profile);
    html.append("<section>\n<h2>Profile</h2>\n");
    paragraph(html, "about", profile.about().getOrDefault("command", ""));
    paragraph(html, "facts", String.join(" · ", facts(summary)));
    longest(html, summary);
    lanes(html, Stretch.whole(profile));
    for (String note : profile.notes()) {
      paragraph(html, "quiet", note);
    }
    profile.about().entrySet().stream()
        .filter(entry -> !entry.getKey().equals("command"))
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> paragraph(html, "quiet", entry.getKey() + ": " + entry.getValue()));
    for (var stretch : stretches) {
      html.append("<h3>").append(Svg.escape(stretch.name())).append("</h3>\n");
      paragraph(html, "facts", told(stretch));
      lanes(html, stretch);
    }
    html.append("</section>\n");
  }

  private void lanes(StringBuilder html, Stretch stretch) {
    for (var lane : lanesOf(stretch)) {
      paragraph(html, "lane", lane.name);
      html.append(Svg.inPage("timeline", lane.height(), lane.name, lane.drawn(stretch, true)));
    }
    html.append(Svg.inPage("axis", AXIS, "time", axis(stretch)));
  }

  /** Picture of one stretch. */
  Picture picture(Stretch stretch) {
    var sheet =
        new Picture.Sheet()
            .heading("%s: %s".formatted(stretch.name(), time(stretch.nanos())))
            .small(told(stretch));
    var lanes = lanesOf(stretch);
    for (var lane : lanes) {
      sheet.space(4).small(lane.name);
      sheet.draw(
          lane.height(),
          Svg.bar("block", 0, 1, 0, lane.height()) + "\n" + lane.drawn(stretch, false));
    }
    sheet.draw(AXIS, axis(stretch)).space(6);
    var legend = new ArrayList<String>();
    KINDS.forEach(
        (kind, name) -> {
          if (lanes.stream().anyMatch(lane -> lane.has(kind))) {
            legend.add(kind);
            legend.add(name);
          }
        });
    return sheet
        .legend(legend.toArray(String[]::new))
        .picture(
            "timeline-" + stretch.name(),
            "%s: what host and device do in %s".formatted(stretch.name(), time(stretch.nanos())),
            told(stretch));
  }

  private List<String> facts(ProfileSummary summary) {
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
    return facts;
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
        html.append("<td>").append(Svg.escape(cell)).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  /** Description of what took how much of a stretch. */
  private String told(Stretch stretch) {
    var kinds = new TreeMap<String, List<Activity>>();
    within(stretch)
        .forEach(each -> kinds.computeIfAbsent(kind(each), _ -> new ArrayList<>()).add(each));
    var told = new ArrayList<String>();
    KINDS.forEach(
        (kind, name) -> {
          var some = kinds.get(kind);
          if (some != null) {
            long nanos =
                some.stream()
                    .mapToLong(
                        each ->
                            Math.min(each.end(), stretch.to())
                                - Math.max(each.start(), stretch.from()))
                    .sum();
            told.add("%,d %s %s".formatted(some.size(), name, time(nanos)));
          }
        });
    return "In %s, from %s ms on: %s."
        .formatted(
            time(stretch.nanos()),
            "%,.3f".formatted(stretch.from() / 1e6),
            told.isEmpty() ? "nothing" : String.join(", ", told));
  }

  /**
   * Activities of a stretch that are drawn: one that lasts all the time says nothing about when.
   */
  private List<Activity> within(Stretch stretch) {
    boolean whole = stretch.equals(Stretch.whole(profile));
    return profile.activities().stream()
        .filter(each -> each.end() > stretch.from() && each.start() < stretch.to())
        .filter(each -> whole || each.start() > stretch.from() || each.end() < stretch.to())
        .toList();
  }

  /** Stream or thread with its activities, by their start. */
  private record Lane(String name, List<Activity> activities) {
    boolean has(String kind) {
      return activities.stream().anyMatch(each -> kind(each).equals(kind));
    }

    /** Depth of each activity: how many others contain it, up to the depth that is drawn. */
    private int[] depths() {
      var open = new ArrayDeque<Long>(); // the ends of what contains the next one
      var depths = new int[activities.size()];
      for (int i = 0; i < depths.length; i++) {
        var each = activities.get(i);
        while (!open.isEmpty() && open.peek() <= each.start()) {
          open.pop();
        }
        depths[i] = Math.min(open.size(), DEEPEST - 1);
        open.push(each.end());
      }
      return depths;
    }

    int height() {
      int deepest = 0;
      for (int depth : depths()) {
        deepest = Math.max(deepest, depth);
      }
      return (deepest + 1) * LINE;
    }

    /**
     * Bars of a stretch.
     *
     * @param pointed whether something can be pointed at, to learn what it is
     */
    String drawn(Stretch stretch, boolean pointed) {
      var drawn = new StringBuilder();
      var depths = depths();
      for (int i = 0; i < depths.length; i++) {
        var each = activities.get(i);
        drawn.append(
            Svg.bar(
                kind(each),
                stretch.place(each.start()),
                stretch.place(each.end()),
                depths[i] * LINE,
                LINE - 2,
                pointed ? pointedAt(each) : null));
        drawn.append('\n');
      }
      return drawn.toString();
    }

    private static @Nullable String pointedAt(Activity activity) {
      return "%s, %s ms at %s ms"
          .formatted(
              activity instanceof Kernel kernel ? kernel.shortName() : activity.name(),
              millis(activity.nanos()),
              millis(activity.start()));
    }
  }

  /** Lanes of a stretch: streams first, then threads, by name. */
  private List<Lane> lanesOf(Stretch stretch) {
    var lanes = new TreeMap<String, List<Activity>>();
    within(stretch).stream()
        .sorted(Comparator.comparingLong(Activity::nanos).reversed())
        .limit(DRAWN)
        .sorted(
            Comparator.comparingLong(Activity::start)
                .thenComparing(Comparator.comparingLong(Activity::end).reversed()))
        .forEach(each -> lanes.computeIfAbsent(lane(each), _ -> new ArrayList<>()).add(each));
    return lanes.entrySet().stream()
        .map(entry -> new Lane(entry.getKey(), entry.getValue()))
        .toList();
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

  private static String axis(Stretch stretch) {
    var drawn = new StringBuilder();
    for (int part = 0; part <= 4; part++) {
      drawn.append(Svg.label(part / 4.0, AXIS - 4, time(stretch.nanos() * part / 4)));
    }
    return drawn.toString();
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
    html.append(Svg.escape(text)).append("</p>\n");
  }

  private static String millis(long nanos) {
    return ReportPage.figure(nanos / 1e6);
  }

  /** Time in the unit that reads best. */
  private static String time(long nanos) {
    if (nanos == 0) {
      return "0";
    }
    return nanos < 1_000_000
        ? ReportPage.figure(nanos / 1e3) + " us"
        : nanos < 1_000_000_000 ? millis(nanos) + " ms" : ReportPage.figure(nanos / 1e9) + " s";
  }
}
