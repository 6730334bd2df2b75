package dev.kith.db.format;

import org.apache.lucene.index.MergeState;

/**
 * Where the rows of one segment went when it was merged with others. What was built of the old rows
 * (a graph, lists) can so become a start for what is built of the new ones. Takes no memory of its
 * own; safe for many threads, as long as the build that it was given to goes on.
 */
public final class RowMapping {
  /** What {@link #newRow} gives for a row that was left out. */
  public static final int NONE = -1;

  private final SegmentVectors from;
  private final MergeState.DocMap documents;
  private final RowDocuments merged;

  RowMapping(SegmentVectors from, MergeState.DocMap documents, RowDocuments merged) {
    this.from = from;
    this.documents = documents;
    this.merged = merged;
  }

  /** The segment's rows as they were, with its parts. */
  public SegmentVectors from() {
    return from;
  }

  /**
   * The row of the merged segment that has the vector of {@code oldRow}; {@link #NONE} if its
   * document was deleted.
   */
  public int newRow(int oldRow) {
    int document = documents.get(from.document(oldRow));
    return document < 0 ? NONE : merged.row(document);
  }
}
