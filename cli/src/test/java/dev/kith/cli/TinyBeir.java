package dev.kith.cli;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A BEIR folder whose rankings are certain with any model that knows English: a query repeats a
 * document word for word, and what must come second says the same in other words.
 */
public final class TinyBeir {
  public static final String KITTEN = "A kitten is sleeping on the couch.";

  private TinyBeir() {}

  public static Path write(Path folder) throws IOException {
    Kith.write(
        folder.resolve("corpus.jsonl"),
        text("nap", "A cat sleeps on the sofa."),
        text("market", "The stock market fell sharply on Monday."),
        text("plants", "Photosynthesis turns light into sugar in green plants."),
        text("own", KITTEN),
        text("unjudged", "The parliament passed a law on fishing."));
    Kith.write(
        folder.resolve("queries.jsonl"),
        text("own", KITTEN),
        text("market-again", "The stock market fell sharply on Monday."),
        text("plants-again", "Photosynthesis turns light into sugar in green plants."),
        text("nap-again", "A cat sleeps on the sofa."),
        text("hopeless", "Nothing that is relevant to this is known."),
        text("unasked", "Nobody judged this."));
    return judgments(
        folder,
        "own\tnap\t1",
        "market-again\tmarket\t1",
        "market-again\tlost\t1",
        "plants-again\tlost\t2",
        "plants-again\tplants\t0",
        "nap-again\town\t1",
        "hopeless\tnap\t0");
  }

  /** Replaces the judgments. */
  public static Path judgments(Path folder, String... lines) throws IOException {
    var all = new String[lines.length + 1];
    all[0] = "query-id\tcorpus-id\tscore";
    System.arraycopy(lines, 0, all, 1, lines.length);
    Kith.write(folder.resolve("qrels").resolve("test.tsv"), all);
    return folder;
  }

  public static String text(String id, String text) {
    return "{\"_id\": \"%s\", \"text\": \"%s\"}".formatted(id, text);
  }
}
