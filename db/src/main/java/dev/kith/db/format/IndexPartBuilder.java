package dev.kith.db.format;

import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.Predecessor;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the index that a field's spec names, where that is more than a scan: graphs and lists,
 * from those of the merged segments where the kind can. The part is an index file, as {@code
 * docs/formats/index.md} has it.
 */
final class IndexPartBuilder implements PartBuilder {
  @Override
  public String name() {
    return Part.INDEX;
  }

  @Override
  public String extension() {
    return "vei";
  }

  @Override
  public boolean isWanted(VectorField field, int rows) {
    return !field.index().exact() && rows >= KithVectorsFormat.INDEX_ROWS;
  }

  @Override
  public boolean isQuick() {
    return false;
  }

  @Override
  public boolean isBuiltByFlushes() {
    return false;
  }

  @Override
  public void build(Build build, PartOutput out) throws IOException {
    var field = build.field();
    try (var arena = Arena.ofShared()) {
      var data =
          Backends.builderOf(field.index())
              .build(build.rows(), field.metric(), older(build), build.options(arena));
      VectorIndex.over(data).write(out::write);
    }
  }

  /** The indexes of the merged segments that were built as this one is to be. */
  private static List<Predecessor> older(Build build) {
    var older = new ArrayList<Predecessor>();
    for (var mapping : build.merged()) {
      var from = mapping.from();
      if (from.hasIndex() && from.field().index().equals(build.field().index())) {
        older.add(
            new Predecessor(from.index().data(), row -> mapping.newRow(Math.toIntExact(row))));
      }
    }
    return older;
  }
}
