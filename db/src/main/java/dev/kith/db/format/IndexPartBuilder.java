package dev.kith.db.format;

import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;

/**
 * Builds the index that a field's spec names, where that is more than a scan: graphs and lists. The
 * part is an index file, as {@code docs/formats/index.md} has it.
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
              .build(build.rows(), field.metric(), build.options(arena));
      VectorIndex.over(data).write(out::write);
    }
  }
}
