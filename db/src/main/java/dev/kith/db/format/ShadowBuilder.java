package dev.kith.db.format;

import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.Arena;

/** Codes the rows as the index spec says, for scans. */
final class ShadowBuilder implements PartBuilder {
  @Override
  public String name() {
    return Part.SHADOW;
  }

  @Override
  public String extension() {
    return "ves";
  }

  @Override
  public boolean isWanted(VectorField field, int rows) {
    return FieldEntry.quantizer(field) != null && rows >= KithVectorsFormat.SHADOW_ROWS;
  }

  @Override
  public boolean isQuick() {
    return true;
  }

  @Override
  public void build(Build build, PartOutput out) throws IOException {
    var quantizer = FieldEntry.quantizer(build.field());
    if (quantizer == null) {
      throw new IllegalArgumentException("no shadow is wanted: " + build.field());
    }
    try (var arena = Arena.ofShared()) {
      out.write(
          quantizer.encode(build.rows(), build.field().metric(), build.options(arena)).body());
    }
  }
}
