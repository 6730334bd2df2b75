package dev.kith.lab.report;

import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.profile.Profile;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a report says.
 *
 * @param title of the page
 * @param when it was made
 * @param about machine, versions and the like: a name and a text each, in this order
 * @param commands to run to get these figures again, in this order
 * @param data what was searched, or null if nothing was measured here
 * @param ladder a ladder, climbed here or elsewhere, or null
 * @param measurements of indexes on backends
 * @param map of the vectors, or null
 * @param profile recorded here or elsewhere, or null
 */
public record Report(
    String title,
    Instant when,
    Map<String, String> about,
    List<String> commands,
    @Nullable Data data,
    @Nullable LadderResult ladder,
    List<Measurement> measurements,
    @Nullable VectorMap map,
    @Nullable Profile profile) {
  /** Copies lists and map. */
  public Report {
    about = new LinkedHashMap<>(about);
    commands = List.copyOf(commands);
    measurements = List.copyOf(measurements);
  }

  /**
   * What was searched.
   *
   * @param name where the rows come from
   * @param n rows
   * @param dim elements a row
   * @param queries how many
   * @param k neighbours of each
   * @param metric what near means
   */
  public record Data(String name, long n, int dim, long queries, int k, String metric) {}
}
