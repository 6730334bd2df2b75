package dev.kith.cli.collection;

import dev.kith.cli.input.ModelOptions;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.transfer.PointJson;
import dev.kith.db.transfer.PointReader;
import dev.kith.db.transfer.TransferException;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirDataException;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reader of points made from texts, embedded some hundred at a time; their payload is title and
 * text.
 */
final class TextPoints implements PointReader {
  private static final int WINDOW = 256;

  private final Path file;
  private final Stream<BeirText> texts;
  private final Iterator<BeirText> rest;
  private final TextModel model;
  private final ModelOptions options;
  private final String vector;
  private final Queue<Point> ready = new ArrayDeque<>();
  private @Nullable BeirDataException bad;
  private @Nullable Point last;

  TextPoints(Path file, TextModel model, ModelOptions options, String vector) {
    this.file = file;
    this.texts = BeirFolder.texts(file);
    this.rest = texts.iterator();
    this.model = model;
    this.options = options;
    this.vector = vector;
  }

  @Override
  public @Nullable Point next() {
    if (ready.isEmpty() && bad == null) {
      embed();
    }
    var point = ready.poll();
    if (point == null && bad != null) {
      throw new TransferException(String.valueOf(bad.getMessage()), bad);
    }
    last = point;
    return point;
  }

  /** Embeds the next texts; those before a bad line are embedded all the same. */
  private void embed() {
    var window = new ArrayList<BeirText>();
    try {
      while (window.size() < WINDOW && rest.hasNext()) {
        window.add(rest.next());
      }
    } catch (BeirDataException e) {
      bad = e;
    }
    if (window.isEmpty()) {
      return;
    }
    var rows = model.embedPassages(options.contents(window));
    for (int i = 0; i < window.size(); i++) {
      ready.add(point(window.get(i), rows.get(i)));
    }
  }

  private Point point(BeirText text, float[] row) {
    var payload = new LinkedHashMap<String, String>();
    if (!text.title().isEmpty()) {
      payload.put("title", text.title());
    }
    payload.put("text", text.text());
    try {
      return new Point(PointJson.idOf(text.id()), Map.of(vector, row), Payload.of(payload));
    } catch (IllegalArgumentException e) {
      throw new TransferException("%s text %s: %s".formatted(file, text.id(), e.getMessage()), e);
    }
  }

  @Override
  public String place() {
    var point = last;
    return point == null ? file.toString() : "%s text %s".formatted(file, point.id());
  }

  @Override
  public void close() {
    texts.close();
  }
}
