package dev.kith.cli.lab;

import dev.kith.core.graph.WalkTrace;
import dev.kith.lab.explain.WalkStory;
import java.util.List;

/**
 * Document of {@code kith lab explain --graph --json}: the story in words, and the walk in numbers.
 */
record WalkDocument(
    List<LabExplainCommand.Step> steps,
    List<Integer> answer,
    int width,
    int estimated,
    List<Row> seeds,
    List<Hop> hops) {

  /** Row that was estimated; {@code distance} is the estimate. */
  record Row(int row, double distance) {}

  /** One hop: the row that was expanded, those met before, those estimated, and what is kept. */
  record Hop(int row, List<Integer> known, List<Row> estimated, List<Integer> kept) {}

  static WalkDocument of(WalkStory story) {
    var told = LabExplainCommand.Part.of(story.told());
    var trace = story.trace();
    return new WalkDocument(
        told.steps(),
        told.answer(),
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
