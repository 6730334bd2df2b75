package dev.kith.db.store;

import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.DirectoryReader;

/**
 * What segments hold of the vectors of one name.
 *
 * @param vector their name
 * @param rows stored
 * @param rowBytes of them
 * @param shadowBytes of their shadows
 */
public record SegmentStats(String vector, long rows, long rowBytes, long shadowBytes) {

  /** Of each name. */
  public static List<SegmentStats> of(DirectoryReader reader, Schema schema) throws IOException {
    var all = new ArrayList<SegmentStats>();
    for (var name : schema.vectors().keySet()) {
      long rows = 0;
      long rowBytes = 0;
      long shadowBytes = 0;
      for (var leaf : reader.leaves()) {
        var vectors = SegmentVectors.of(leaf.reader(), Documents.vectorField(name));
        if (vectors != null) {
          rows += vectors.size();
          rowBytes +=
              (long) vectors.size()
                  * vectors.rows().dimension()
                  * vectors.rows().elementType().bytes();
          shadowBytes += vectors.index().shadowBytes();
        }
      }
      all.add(new SegmentStats(name, rows, rowBytes, shadowBytes));
    }
    return all;
  }
}
