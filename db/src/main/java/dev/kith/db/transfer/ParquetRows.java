package dev.kith.db.transfer;

import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowGroupPredicate;
import dev.hardwood.reader.RowReader;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a Parquet file. Hardwood 1.0.1 cannot read a group without rows, so where there is
 * one the others are read by themselves.
 */
final class ParquetRows implements AutoCloseable {
  private final ParquetFileReader parquet;
  private final Deque<RowGroup> left = new ArrayDeque<>();
  private @Nullable RowReader rows;

  ParquetRows(ParquetFileReader parquet) {
    this.parquet = parquet;
    var groups = parquet.getFileMetaData().rowGroups();
    if (groups.stream().noneMatch(group -> group.numRows() == 0)) {
      rows = parquet.rowReader();
    } else {
      groups.stream().filter(group -> group.numRows() > 0).forEach(left::add);
    }
  }

  /** Goes to the next row; null after the last. */
  @Nullable RowReader next() {
    var current = rows;
    while (current == null || !current.hasNext()) {
      var group = left.poll();
      if (group == null) {
        return null;
      }
      close();
      long middle = middle(group);
      current =
          parquet.buildRowReader().filter(RowGroupPredicate.byteRange(middle, middle + 1)).build();
      rows = current;
    }
    current.next();
    return current;
  }

  /** The byte by which Hardwood finds a group in a range. */
  private static long middle(RowGroup group) {
    long size = 0;
    for (ColumnChunk column : group.columns()) {
      size += column.metaData().totalCompressedSize();
    }
    return group.columns().getFirst().chunkStartOffset() + size / 2;
  }

  @Override
  public void close() {
    if (rows != null) {
      rows.close();
      rows = null;
    }
  }
}
