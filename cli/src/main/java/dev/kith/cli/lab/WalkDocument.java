package dev.kith.cli.lab;

import dev.kith.core.graph.WalkTrace;
import dev.kith.lab.explain.WalkStory;
import java.util.List;

/**
 * Document of {@code kith lab explain --graph --json}: the story in words, and the walk in numbers.
 */
record WalkDocument(
    List<Step> steps,
    List<Integer> answer,
    int width,
    int estimated,
    List<Row> seeds,
    List<Hop> hops) {

  /** Step of the story: a few words, and the text below them. */
  record Step(String title, String text) {}

  /** Row that was estimated; {@code distance} is the estimate. */
  record Row(int row, double distance) {}

  /** One hop: the row that was expanded, those met before, those estimated, and what is kept. */
  record Hop(int row, List<Integer> known, List<Row> estimated, List<Integer> kept) {}

  static WalkDocument of(WalkStory story) {
    var trace = story.trace();
    return new WalkDocument(
        story.told().steps().stream().map(step -> new Step(step.title(), step.text())).toList(),
        story.told().answer(),
        trace.width(),
        trace.estimated(),
        rows(trace.seeds()),
        trace.hops().stream().map(WalkDocument::hop).toList());
  }

  private static Hop hop(WalkTrace.Hop hop) {
    return new Hop(
        hop.row(),
        hop.known(),
        rows(hop.fresh()),
        hop.kept().stream().map(WalkTrace.Met::row).toList());
  }

  private static List<Row> rows(List<WalkTrace.Met> rows) {
    return rows.stream().map(one -> new Row(one.row(), Math.sqrt(one.squared()))).toList();
  }
}
