package dev.kith.db.store;

import dev.kith.core.metric.Metric;
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
 * @param indexedRows of segments that have an index which is more than a scan
 * @param rowBytes of them
 * @param shadowBytes of their shadows
 * @param indexBytes of their indexes
 * @param zeroRows rows of zeros, where the metric is cosine; 0 for other metrics
 */
public record SegmentStats(
    String vector,
    long rows,
    long indexedRows,
    long rowBytes,
    long shadowBytes,
    long indexBytes,
    long zeroRows) {

  /** Of each name. */
  public static List<SegmentStats> of(DirectoryReader reader, Schema schema) throws IOException {
    var all = new ArrayList<SegmentStats>();
    for (var name : schema.vectors().keySet()) {
      long rows = 0;
      long rowBytes = 0;
      long indexedRows = 0;
      long shadowBytes = 0;
      long indexBytes = 0;
      long zeroRows = 0;
      boolean cosine = schema.vector(name).metric() == Metric.COSINE;
      for (var leaf : reader.leaves()) {
        var vectors = SegmentVectors.of(leaf.reader(), Documents.vectorField(name));
        if (vectors != null) {
          rows += vectors.size();
          rowBytes +=
              (long) vectors.size()
                  * vectors.rows().dimension()
                  * vectors.rows().elementType().bytes();
          indexedRows += vectors.hasIndex() ? vectors.size() : 0;
          shadowBytes += vectors.shadowBytes();
          indexBytes += vectors.indexBytes();
          zeroRows += cosine ? vectors.zeroRows() : 0;
        }
      }
      all.add(
          new SegmentStats(name, rows, indexedRows, rowBytes, shadowBytes, indexBytes, zeroRows));
    }
    return all;
  }
}
