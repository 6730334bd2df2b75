package dev.kith.lab.ladder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;

/**
 * A ladder that was climbed: what was searched, where, and how each rung did. {@link #toJson} and
 * {@link #fromJson} are its document, which {@code kith lab ladder --json} prints.
 *
 * @param task what was searched for
 * @param machine everything that the times depend on, in one line
 * @param commit of the checkout that ran, or {@code unknown}
 * @param rungs in the order of the ladder
 * @param skipped rungs that cannot run here
 */
public record LadderResult(
    Task task, String machine, String commit, List<RungResult> rungs, List<Skipped> skipped) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** Copies the lists. */
  public LadderResult {
    rungs = List.copyOf(rungs);
    skipped = List.copyOf(skipped);
  }

  /**
   * What every rung was asked.
   *
   * @param data where the rows come from
   * @param n rows
   * @param dim elements a row
   * @param queries how many there are
   * @param k neighbours of each
   * @param metric what near means
   */
  public record Task(String data, long n, int dim, int queries, int k, String metric) {}

  /**
   * A rung that did not run.
   *
   * @param name of the rung
   * @param device {@code cpu} or {@code gpu}
   * @param reason why not, and what to do
   */
  public record Skipped(String name, String device, String reason) {}

  /** Whether every rung found the rows of the definition. */
  public boolean allSameRows() {
    return rungs.stream().allMatch(RungResult::sameRows);
  }

  /** One JSON document. */
  public String toJson() {
    try {
      return MAPPER.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException if it is no such document
   */
  public static LadderResult fromJson(String json) {
    try {
      return MAPPER.readValue(json, LadderResult.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "not the document of kith lab ladder --json: " + e.getOriginalMessage(), e);
    }
  }
}
