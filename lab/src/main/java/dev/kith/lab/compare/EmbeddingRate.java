package dev.kith.lab.compare;

import dev.kith.embed.TextModel;
import dev.kith.lab.measure.Times;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rate at which a model turns texts into vectors on a device.
 *
 * @param device {@code cpu} or {@code gpu}
 * @param model name of the model
 * @param texts number of texts that were embedded together, again and again
 * @param textsPerSecond by the median time of all of them, or null if it was not run
 * @param spread third less first quartile of that rate, or null
 * @param notRun reason why it was not run, or null
 */
public record EmbeddingRate(
    String device,
    String model,
    int texts,
    @Nullable Double textsPerSecond,
    @Nullable Double spread,
    @Nullable String notRun) {
  private static final double NANOS = 1e9;
  private static final int LEAST_RUNS = 3;

  /**
   * Embeds the texts once to warm up, then for at least {@code seconds} and three times.
   *
   * @param texts at least one
   */
  public static EmbeddingRate measure(
      String device, TextModel model, List<String> texts, double seconds) {
    model.embed(texts).close();
    var millis = new ArrayList<Double>();
    long end = System.nanoTime() + (long) (seconds * NANOS);
    while (millis.size() < LEAST_RUNS || System.nanoTime() < end) {
      long start = System.nanoTime();
      model.embed(texts).close();
      millis.add((System.nanoTime() - start) / 1e6);
    }
    var times = new Times(millis);
    var rates = new Times(millis.stream().map(time -> texts.size() / time * 1e3).toList());
    return new EmbeddingRate(
        device,
        model.name(),
        texts.size(),
        texts.size() / times.median() * 1e3,
        rates.spread(),
        null);
  }

  /** Entry of a model that cannot run, with the reason. */
  public static EmbeddingRate notRun(String device, String model, int texts, String reason) {
    return new EmbeddingRate(device, model, texts, null, null, reason);
  }
}
