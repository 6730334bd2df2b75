package dev.kith.db;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a collection holds, and how much of the disk it takes.
 *
 * @param points alive
 * @param deleted points that still take room until their segment is merged
 * @param segments that are searched
 * @param bytes of all files
 * @param logBytes of the translog among them
 * @param indexes one for each name of vectors
 */
public record CollectionStats(
    long points, long deleted, int segments, long bytes, long logBytes, List<IndexStats> indexes) {
  /** Copies the list. */
  public CollectionStats {
    indexes = List.copyOf(indexes);
  }

  /**
   * The vectors of one name.
   *
   * @param vector their name
   * @param index built for large segments
   * @param rows stored, those of deleted points too
   * @param indexedRows rows of segments that have their index, where it is more than a scan; the
   *     others are scanned, exactly
   * @param rowBytes on disk
   * @param shadowBytes on disk
   * @param indexBytes on disk
   * @param zeroVectors rows of zeros, those of deleted points too, where the metric is cosine: they
   *     have no direction, and the score 0 with everything; 0 for other metrics
   * @param audit what audits of the last hour found, or null if there were none
   */
  public record IndexStats(
      String vector,
      String index,
      long rows,
      long indexedRows,
      long rowBytes,
      long shadowBytes,
      long indexBytes,
      long zeroVectors,
      @Nullable Audit audit) {}

  /**
   * Approximate answers that were computed again exactly; see {@link CollectionOptions#auditEvery}.
   *
   * @param queries that were audited
   * @param asked recall, on average
   * @param recall that was found, on average
   * @param low lower end of the interval that holds the mean recall in 95 of 100 cases
   * @param high upper end of that interval
   */
  public record Audit(long queries, double asked, double recall, double low, double high) {}
}
