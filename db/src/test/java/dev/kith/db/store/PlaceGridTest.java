package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.lucene.util.SloppyMath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Places on the very edge of boxes and circles, by points and by doc values. */
@ExtendWith(Seeded.class)
class PlaceGridTest {
  private static final Schema SCHEMA =
      Schema.of(2, Metric.L2).withField("g", FieldType.GEO).withField("k", FieldType.KEYWORD);
  private static final double[] LATITUDES = {-90, -89.99999999, -0.0, 52.5, 52.6, 89.99999999, 90};
  private static final double[] LONGITUDES = {
    -180, -179.99999999, -0.0, 13.4, 13.5, 179.99999999, 180
  };

  private record Place(double lat, double lon) {
    Payload payload() {
      return Payload.parse("{\"g\": {\"lat\": %s, \"lon\": %s}, \"k\": \"x\"}".formatted(lat, lon));
    }
  }

  private static double edge(SplittableRandom random, double[] edges, double most) {
    double edge =
        random.nextInt(3) == 0
            ? edges[random.nextInt(edges.length)]
            : random.nextDouble(-most, most);
    return random.nextInt(4) == 0 ? (float) edge : edge;
  }

  private static Map<PointId, Payload> points(List<Place> places) {
    var points = new HashMap<PointId, Payload>();
    for (int i = 0; i < places.size(); i++) {
      points.put(PointId.of(i), places.get(i).payload());
    }
    return points;
  }

  /** Few points are left beside an id, so Lucene reads doc values instead of points. */
  private static boolean finds(FilterIndex index, Filter filter, PointId id, boolean docValues)
      throws IOException {
    return index.find(docValues ? Filter.ids(id).and(filter) : filter).contains(id);
  }

  @Test
  void box_placesOnEdgesAndCorners_areInside(SplittableRandom random) throws IOException {
    for (int round = 0; round < 8 * Seeded.effort(); round++) {
      double one = edge(random, LATITUDES, 90);
      double other = random.nextInt(5) == 0 ? one : edge(random, LATITUDES, 90);
      double left = edge(random, LONGITUDES, 180);
      double right = random.nextInt(5) == 0 ? left : edge(random, LONGITUDES, 180);
      double top = Math.max(one, other);
      double bottom = Math.min(one, other);
      var filter = Filter.field("g").withinBox(top, left, bottom, right);
      var inside = new ArrayList<Place>();
      for (double lat : new double[] {top, bottom, (top + bottom) / 2}) {
        inside.add(new Place(lat, left));
        inside.add(new Place(lat, right));
        for (double lon : new double[] {left, right}) {
          if (Math.abs(lon) == 180) {
            inside.add(new Place(lat, -lon));
          }
        }
      }
      var places = new ArrayList<>(inside);
      for (int i = 0; i < 30; i++) { // near the edges, and anywhere
        places.add(
            new Place(
                near(random, random.nextBoolean() ? top : bottom, 90),
                near(random, random.nextBoolean() ? left : right, 180)));
        places.add(new Place(edge(random, LATITUDES, 90), edge(random, LONGITUDES, 180)));
      }
      try (var index = new FilterIndex(SCHEMA, points(places), 1000)) {
        assertThat(index.find(filter)).as("%s", filter).isEqualTo(index.findNaively(filter));
        for (int i = 0; i < places.size(); i++) {
          var id = PointId.of(i);
          boolean points = finds(index, filter, id, false);
          assertThat(finds(index, filter, id, true))
              .as("%s of %s by doc values", filter, places.get(i))
              .isEqualTo(points);
          assertThat(points || i >= inside.size()).as("%s has %s", filter, places.get(i)).isTrue();
        }
      }
    }
  }

  private static double near(SplittableRandom random, double edge, double most) {
    double gap = Math.scalb(random.nextDouble(-1, 1), -random.nextInt(40));
    return Math.clamp(edge + gap, -most, most);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # top, left, bottom, right | lat, lon | inside
          52.6, 13.4, 52.5, 13.5     | 52.5, 13.4     | true
          52.6, 13.4, 52.5, 13.5     | 52.6, 13.5     | true
          52.6, 13.4, 52.5, 13.5     | 52.4999999, 13.4 | false
          52.6, 13.4, 52.5, 13.5     | 52.5, 13.3999998 | false
          52.5, 13.4, 52.5, 13.4     | 52.5, 13.4     | true
          90, -180, 90, 180          | 90, 7          | true
          90, 180, -90, 180          | 3, 180         | true
          90, 180, -90, 180          | 3, -180        | true
          90, 170, -90, 180          | 3, -180        | true
          90, 170, -90, 180          | 3, -179.9999   | false
          90, -180, -90, -170        | 3, 180         | true
          90, -180, -90, -170        | 3, 179.9999    | false
          90, 180, -90, -170         | 3, 180         | true
          90, 180, -90, -170         | 3, 179.9999    | false
          90, 10.00000001, -90, 10   | 3, -77         | true
          0, -0.0, 0, 0              | -0.0, 0        | true
          """)
  void box_oneEdge_isInside(String box, String place, boolean inside) throws IOException {
    var filter = Filter.parse("geo_box(g, %s)".formatted(box));
    var at = place.split(", ", -1);
    var places = List.of(new Place(Double.parseDouble(at[0]), Double.parseDouble(at[1])));
    try (var index = new FilterIndex(SCHEMA, points(places), 10)) {
      assertThat(!index.find(filter).isEmpty()).isEqualTo(inside);
      assertThat(!index.findNaively(filter).isEmpty()).isEqualTo(inside);
    }
  }

  @Test
  void radius_distanceOfAPlace_findsIt(SplittableRandom random) throws IOException {
    for (int round = 0; round < 8 * Seeded.effort(); round++) {
      double lat = edge(random, LATITUDES, 90);
      double lon = edge(random, LONGITUDES, 180);
      var places = new ArrayList<Place>();
      places.add(new Place(lat, lon));
      places.add(new Place(-lat, lon > 0 ? lon - 180 : lon + 180));
      for (int i = 0; i < 30; i++) {
        places.add(new Place(near(random, lat, 90), near(random, lon, 180)));
        places.add(new Place(edge(random, LATITUDES, 90), edge(random, LONGITUDES, 180)));
      }
      try (var index = new FilterIndex(SCHEMA, points(places), 1000)) {
        for (int i = 0; i < places.size(); i++) {
          var place = places.get(i);
          double metres = SloppyMath.haversinMeters(lat, lon, place.lat, place.lon);
          var filter = Filter.field("g").withinRadius(lat, lon, metres);
          for (boolean docValues : new boolean[] {false, true}) {
            assertThat(finds(index, filter, PointId.of(i), docValues))
                .as("%s has %s, docValues=%s", filter, place, docValues)
                .isTrue();
          }
          assertThat(index.find(filter))
              .allSatisfy(
                  id -> {
                    var found = places.get((int) ((PointId.Number) id).value());
                    assertThat(SloppyMath.haversinMeters(lat, lon, found.lat, found.lon))
                        .isLessThanOrEqualTo(metres + (metres < 2e7 ? 0.5 : 1));
                  });
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.3",
    "0.1, 0.3",
    "2.9, 0.3",
    "3, 0.03",
    "100, 0.012",
    "1e6, 0.011",
    "2e7, 0.011",
    "20015113.5, 1"
  })
  void reach_anyRadius_growsByNoMoreThanThePageSays(double metres, double most) {
    assertThat(PlaceGrid.reach(metres) - metres).isBetween(0.0104, most);
  }
}
