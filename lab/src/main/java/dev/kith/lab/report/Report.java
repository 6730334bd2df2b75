package dev.kith.lab.report;

import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.profile.Profile;
import java.time.Instant;
import java.util.ArrayList;
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
 * @param stretches of the profile that are looked at closely, in this order
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
    @Nullable Profile profile,
    List<Stretch> stretches) {
  /** Copies lists and map. */
  public Report {
    about = new LinkedHashMap<>(about);
    commands = List.copyOf(commands);
    measurements = List.copyOf(measurements);
    stretches = List.copyOf(stretches);
  }

  /**
   * What can be drawn of it for other documents: ladder, map, stretches, each where there is one.
   */
  public List<Picture> pictures() {
    var pictures = new ArrayList<Picture>();
    if (ladder != null) {
      pictures.add(new LadderDrawing(ladder).picture());
    }
    if (map != null) {
      pictures.add(MapDrawing.picture(map, data));
    }
    if (profile != null) {
      for (var stretch : stretches) {
        pictures.add(new ProfileDrawing(profile).picture(stretch));
      }
    }
    return pictures;
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
