package dev.kith.lab.report;

import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.profile.Profile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Contents of a report.
 *
 * @param title title of the page
 * @param when time at which it was made
 * @param about machine, versions and the like: a name and a text each, in order
 * @param commands commands that give these figures again, in order
 * @param data data that was searched, or null if nothing was measured here
 * @param ladder a ladder, climbed here or elsewhere, or null
 * @param measurements of indexes on backends
 * @param curves recall of approximate indexes against their speed, beside peers, or null
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
    @Nullable PeerResult curves,
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
   * Pictures of the report for other documents: ladder, curves, map, stretches, each where there is
   * one.
   */
  public List<Picture> pictures() {
    var pictures = new ArrayList<Picture>();
    if (ladder != null) {
      pictures.add(new LadderDrawing(ladder).picture());
    }
    var plot = curves == null ? null : RecallPlot.of(curves);
    if (plot != null) {
      pictures.add(plot.picture());
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
   * Data that was searched.
   *
   * @param name name of where the rows come from
   * @param n number of rows
   * @param dim elements a row
   * @param queries number of queries
   * @param k neighbours of each query
   * @param metric metric of the search
   */
  public record Data(String name, long n, int dim, long queries, int k, String metric) {}
}
