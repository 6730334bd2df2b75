package dev.kith.cli.lab;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.input.DemoTexts;
import dev.kith.cli.input.ModelOptions;
import dev.kith.cli.input.UserFiles;
import dev.kith.embed.beir.BeirText;
import dev.kith.lab.explain.Explanation;
import dev.kith.lab.explain.WalkStory;
import dev.kith.lab.report.PointsPicture;
import dev.kith.lab.report.WalkPicture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Command that tells a search step by step, with all its numbers. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Explains a search step by step, with every number of it.",
      "For who meets nearest neighbours for the first time: four points and a query, then four"
          + " bundled texts and a question, then why it matters how numbers are rounded, and how a"
          + " smaller copy can still give the exact answer. All of it is computed here and now:"
          + " give other points, and the story is another.",
      "--graph tells of an approximate search instead: its walk through a graph over forty points,"
          + " hop by hop."
    })
final class LabExplainCommand implements Callable<Integer> {
  /** Definitions of WordNet, from the bundled texts. */
  private static final List<String> TEXTS =
      List.of("n00326094", "n03893732", "n07708798", "n02676938");

  private static final String QUESTION = "landmark";

  /** Points with squared distances around 2^24, where float32 begins to step by 2. */
  private static final float[][] NEAR_TIE = {{4097, 0}, {4096, 90.5124f}};

  @Spec CommandSpec spec;

  /** Number of points of a walk that is told, and the seed of their places. */
  private static final int WALKED = 40;

  private static final long WALKED_SEED = 1;

  @Option(names = "--graph", description = "tell a walk through a graph")
  boolean graph;

  @Option(
      names = "--points",
      defaultValue = "1,1;4,5;3,1.5;-2,3",
      paramLabel = "X,Y;...",
      description =
          "the points, any number of coordinates; default: ${DEFAULT-VALUE}, and forty with"
              + " --graph")
  String points;

  @Option(
      names = "--query",
      defaultValue = "2,2",
      paramLabel = "X,Y",
      description = "the query; default: ${DEFAULT-VALUE}")
  String query;

  @Option(
      names = {"--k", "-k"},
      defaultValue = "2",
      paramLabel = "K",
      description = "neighbours; default: ${DEFAULT-VALUE}")
  int k;

  @Option(
      names = "--width",
      defaultValue = "6",
      paramLabel = "W",
      description = "with --graph: rows that the walk keeps; default: ${DEFAULT-VALUE}")
  int width;

  @Mixin ModelOptions modelOptions;

  @Option(
      names = "--picture",
      paramLabel = "F.svg",
      description = "also draw points and query, if they have two coordinates")
  @Nullable Path picture;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}: each part of the story. */
  record Report(Part points, Part texts, Part rounding, Part bounds) {}

  /** Part of the story: its steps, and the rows it found, nearest first. */
  record Part(List<Step> steps, List<Integer> answer) {
    static Part of(Explanation told) {
      return new Part(
          told.steps().stream().map(step -> new Step(step.title(), step.text())).toList(),
          told.answer());
    }
  }

  /** Step of a part: a few words, and the text below them. */
  record Step(String title, String text) {}

  @Override
  public Integer call() throws IOException {
    if (graph) {
      return walk();
    }
    if (gives("--width")) {
      throw new ParameterException(spec.commandLine(), "--width is of a walk: give --graph, too");
    }
    var places = places(points);
    var asked = place(query);
    if (picture != null) {
      UserFiles.requireWritable(picture, ".svg");
    }
    var story = Explanation.ofPoints(places, asked, k);
    var drawn = picture == null ? null : PointsPicture.of(places, asked, story.answer());
    Report report;
    try (var model = modelOptions.load(spec.commandLine().getErr(), json)) {
      report =
          new Report(
              Part.of(story),
              Part.of(Explanation.ofTexts(bundled(TEXTS), question(), k, model::embed)),
              Part.of(Explanation.ofRounding(NEAR_TIE, new float[2])),
              Part.of(Explanation.ofBounds(places, asked, k)));
    }
    if (picture != null && drawn != null) { // now that nothing else can fail
      drawn.writeTo(picture);
    }
    var out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, report);
      return ExitStatus.DONE;
    }
    var steps = new ArrayList<Step>();
    for (var part : List.of(report.points, report.texts, report.rounding, report.bounds)) {
      steps.addAll(part.steps());
    }
    print(steps, out);
    return ExitStatus.DONE;
  }

  private int walk() throws IOException {
    var places = gives("--points") ? places(points) : WalkStory.points(WALKED, WALKED_SEED);
    var asked = place(query);
    if (picture != null) {
      UserFiles.requireWritable(picture, ".svg");
    }
    var story = WalkStory.of(places, asked, k, width);
    if (picture != null) {
      WalkPicture.of(places, asked, story.graph(), story.trace(), story.told().answer())
          .writeTo(picture);
    }
    var out = spec.commandLine().getOut();
    var document = WalkDocument.of(story);
    if (json) {
      Json.print(out, document);
    } else {
      print(document.steps(), out);
    }
    return ExitStatus.DONE;
  }

  private boolean gives(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private static void print(List<Step> steps, PrintWriter out) {
    for (int i = 0; i < steps.size(); i++) {
      out.printf("%s%d. %s%n%n", i == 0 ? "" : System.lineSeparator(), i + 1, steps.get(i).title());
      out.print(steps.get(i).text().indent(3));
    }
    out.flush();
  }

  private static List<String> bundled(List<String> ids) throws IOException {
    try (var corpus = DemoTexts.open().corpus()) {
      var found = corpus.filter(text -> ids.contains(text.id())).toList();
      return ids.stream().map(id -> text(found, id)).toList();
    }
  }

  private static String question() throws IOException {
    try (var queries = DemoTexts.open().queries()) {
      return text(queries.toList(), QUESTION);
    }
  }

  private static String text(List<BeirText> texts, String id) {
    return texts.stream()
        .filter(text -> text.id().equals(id))
        .findFirst()
        .map(BeirText::text)
        .orElseThrow(() -> new NoSuchElementException("no bundled text has the id " + id));
  }

  private static float[][] places(String text) {
    var parts = text.split(";", -1);
    var places = new float[parts.length][];
    for (int i = 0; i < parts.length; i++) {
      places[i] = place(parts[i]);
    }
    return places;
  }

  private static float[] place(String text) {
    var parts = text.split(",", -1);
    var place = new float[parts.length];
    for (int i = 0; i < parts.length; i++) {
      try {
        place[i] = Float.parseFloat(parts[i].strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "a point is numbers with commas between, such as 1,2.5: '%s'".formatted(text), e);
      }
      if (!Float.isFinite(place[i])) {
        throw new IllegalArgumentException("coordinates must be finite: '%s'".formatted(text));
      }
    }
    return place;
  }
}
