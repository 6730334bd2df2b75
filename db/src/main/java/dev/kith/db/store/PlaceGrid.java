package dev.kith.db.store;

import org.apache.lucene.geo.GeoEncodingUtils;
import org.apache.lucene.geo.GeoUtils;
import org.apache.lucene.util.SloppyMath;

/**
 * The grid of cells that the index keeps places in, and what a filter must ask of it so that no
 * place is lost by the way to its cell's corner. A cell measures 180/2^32 degrees of latitude and
 * 360/2^32 of longitude: at most 4.7 by 9.4 millimetres. Each place stands at its cell's south-west
 * corner; 90 and 180 degrees belong to the last cells.
 */
final class PlaceGrid {
  private static final double WEST = -180;
  private static final double EAST = 180;
  private static final double WEST_CELL = GeoEncodingUtils.decodeLongitude(Integer.MIN_VALUE);
  private static final double EAST_CELL = GeoEncodingUtils.decodeLongitude(Integer.MAX_VALUE);

  /**
   * The angle that no place exceeds on the way to its cell's corner, in radians: the diagonal at
   * the equator is 10.43 mm.
   */
  private static final double MOVED = 0.0105 / GeoUtils.EARTH_MEAN_RADIUS_METERS;

  /** The sort key {@code 1 - cos} of half a turn: no place is farther from another. */
  private static final double FARTHEST_KEY = 2;

  /** Error of the two sort keys that are compared, which are sums of rounded cosines. */
  private static final double KEY_ERROR = 1e-15;

  /** Lucene cuts the last three bits of a sort key: less than 8 times its last place. */
  private static final double KEY_CUT = 8 * 0x1p-52;

  private PlaceGrid() {}

  /** Edges that stand at corners of cells; a left one above the right one crosses 180 degrees. */
  record Box(double top, double left, double bottom, double right) {}

  /**
   * The least box of whole cells that has every place of that box. The meridians 180 and -180 are
   * one: a box with one of them as an edge has the places on both.
   */
  static Box box(double top, double left, double bottom, double right) {
    double west = longitude(left);
    double east = longitude(right);
    if (left > right && west == east) { // all around, but for less than a cell
      west = WEST_CELL;
      east = EAST_CELL;
    } else if (left <= right && left == WEST && right != EAST) {
      west = EAST_CELL;
    } else if (left <= right && right == EAST && left != WEST) {
      east = WEST_CELL;
    }
    return new Box(latitude(top), west, latitude(bottom), east);
  }

  /**
   * A radius that reaches the cell of every place at most so far away.
   *
   * @param metres 0 or more
   * @return at most 3 cm more, 30 cm for radii below 3 m, 1 m at the other end of the Earth
   */
  static double reach(double metres) {
    double key = GeoUtils.distanceQuerySortKey(metres);
    if (key >= FARTHEST_KEY) {
      return metres;
    }
    double slope = Math.sqrt(key * (FARTHEST_KEY - key)); // the sine of the angle
    double grown = key + slope * MOVED + MOVED * MOVED / 2 + key * KEY_CUT + KEY_ERROR;
    return SloppyMath.haversinMeters(Math.min(grown, FARTHEST_KEY));
  }

  private static double latitude(double degrees) {
    return GeoEncodingUtils.decodeLatitude(GeoEncodingUtils.encodeLatitude(degrees));
  }

  private static double longitude(double degrees) {
    return GeoEncodingUtils.decodeLongitude(GeoEncodingUtils.encodeLongitude(degrees));
  }
}
