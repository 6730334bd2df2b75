package dev.kith.db.store;

import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.Payload;
import dev.kith.db.query.Hit;
import dev.kith.db.run.Contents;
import dev.kith.db.run.Ranked;
import dev.kith.db.run.Scale;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.StoredFields;
import org.jspecify.annotations.Nullable;

/**
 * Reads what ranked points and hits bring: ids, payloads, vectors. Each segment's readers are made
 * once, and go forward.
 */
final class Hydration {
  private Hydration() {}

  /** What one segment is read with. */
  private static final class Segment {
    final LeafReaderContext leaf;
    final @Nullable StoredFields payloads;
    final Set<String> paths;
    final Map<String, SegmentVectors> vectors = new HashMap<>();

    Segment(LeafReaderContext leaf, Contents contents) throws IOException {
      LeafReader reader = leaf.reader();
      this.leaf = leaf;
      this.payloads = contents.payload() ? reader.storedFields() : null;
      this.paths = contents.paths();
      for (var name : contents.vectors()) {
        var rows = SegmentVectors.of(reader, Documents.vectorField(name));
        if (rows != null) {
          vectors.put(name, rows);
        }
      }
    }

    Hit hit(Ranked ranked, Scale scale) throws IOException {
      int document = SegmentPoint.of(ranked).document();
      Payload payload = payloads == null ? null : Documents.payload(payloads, document);
      if (payload != null && !paths.isEmpty()) {
        payload = payload.only(paths);
      }
      var found = new HashMap<String, float[]>();
      for (var named : vectors.entrySet()) {
        int row = named.getValue().row(document);
        if (row >= 0) {
          found.put(named.getKey(), named.getValue().rows().row(row));
        }
      }
      return new Hit(ranked.id(), scale.score(ranked.key()), payload, found);
    }
  }

  /** The positions of a list in the order of segments and of documents within each. */
  private static Integer[] inSegments(List<SegmentPoint> points) {
    var order = new Integer[points.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        Comparator.<Integer>comparingInt(i -> points.get(i).leaf().ord)
            .thenComparingInt(i -> points.get(i).document()));
    return order;
  }

  /** The same points, in their order, with their ids. */
  static List<Ranked> ranked(List<SegmentPoint> points) throws IOException {
    LeafReaderContext leaf = null;
    BinaryDocValues ids = null;
    for (int i : inSegments(points)) {
      var point = points.get(i);
      if (ids == null || leaf != point.leaf()) {
        leaf = point.leaf();
        ids = Documents.ids(leaf.reader());
      }
      point.readId(ids);
    }
    return points.stream().map(SegmentPoint::ranked).toList();
  }

  /**
   * Hits in the order of their points.
   *
   * @param contents what they bring
   */
  static List<Hit> hits(List<Ranked> best, Scale scale, Contents contents) throws IOException {
    var points = best.stream().map(SegmentPoint::of).toList();
    var hits = new Hit[points.size()];
    Segment segment = null;
    for (int i : inSegments(points)) {
      var leaf = points.get(i).leaf();
      if (segment == null || segment.leaf != leaf) {
        segment = new Segment(leaf, contents);
      }
      hits[i] = segment.hit(best.get(i), scale);
    }
    return new ArrayList<>(Arrays.asList(hits));
  }

  /** A point's vector of that name, or null. */
  static float @Nullable [] vector(SegmentPoint point, String name) throws IOException {
    return Documents.vectors(point.leaf().reader(), point.document(), List.of(name)).get(name);
  }
}
