package dev.kith.lab.ladder;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Result of climbing a ladder: what was searched, where, and how each rung did. {@link #toJson} and
 * {@link #fromJson} are its document, which {@code kith lab ladder --json} prints.
 *
 * @param task task of every rung
 * @param machine description of everything that the times depend on, in one line
 * @param commit commit of the checkout that ran, or {@code unknown}
 * @param rungs results in the order of the ladder
 * @param skipped rungs that cannot run here
 */
public record LadderResult(
    Task task, String machine, String commit, List<RungResult> rungs, List<Skipped> skipped) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .defaultSetterInfo(JsonSetter.Value.construct(Nulls.FAIL, Nulls.FAIL))
          .build();

  /** Copies the lists. */
  public LadderResult {
    rungs = List.copyOf(rungs);
    skipped = List.copyOf(skipped);
  }

  /**
   * Task of every rung.
   *
   * @param data name of where the rows come from
   * @param n number of rows
   * @param dim elements a row
   * @param queries number of queries
   * @param k neighbours of each query
   * @param metric metric of the search
   */
  public record Task(String data, long n, int dim, int queries, int k, String metric) {}

  /**
   * Rung that did not run.
   *
   * @param name name of the rung
   * @param device {@code cpu} or {@code gpu}
   * @param reason reason why not, and what to do
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
      var read = MAPPER.readValue(completed(json), LadderResult.class);
      if (read == null) { // the document null
        throw new IllegalArgumentException(unlike("it is null"));
      }
      return read;
    } catch (MismatchedInputException e) {
      // Its own words are about classes of Java.
      var path = e.getPath().stream().map(LadderResult::name).collect(joining("."));
      throw new IllegalArgumentException(
          unlike(
              path.isEmpty() ? "it is no object" : "missing, unknown or of another kind: " + path),
          e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(unlike(e.getOriginalMessage()), e);
    }
  }

  /** Adds the fields that documents of older versions lack, and leaves out what is none. */
  private static String completed(String json) throws JsonProcessingException {
    if (!(MAPPER.readTree(json) instanceof ObjectNode document)) {
      return json;
    }
    document.remove("kith"); // the command line's number of its vocabulary
    for (var rung : document.path("rungs")) {
      if (rung instanceof ObjectNode object && !object.has("remarks")) {
        object.putNull("cpuMillis");
        object.putArray("remarks");
      }
    }
    return document.toString();
  }

  private static String unlike(String reason) {
    return "not the document of kith lab ladder --json: " + reason;
  }

  private static String name(Reference step) {
    return step.getFieldName() == null ? String.valueOf(step.getIndex()) : step.getFieldName();
  }
}
