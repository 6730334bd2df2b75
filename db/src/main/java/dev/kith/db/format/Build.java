package dev.kith.db.format;

import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Progress;
import dev.kith.db.point.VectorField;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;

/**
 * What a part is made of, and whether it is still wanted. All of it lives until {@link
 * PartBuilder#build} returns. Safe for many threads.
 */
public final class Build {
  private final String part;
  private final VectorField field;
  private final VectorSource rows;
  private final SequencedMap<String, MemorySegment> parts;
  private final List<RowMapping> merged;
  private final BooleanSupplier stopped;

  Build(
      String part,
      VectorField field,
      VectorSource rows,
      SequencedMap<String, MemorySegment> parts,
      List<RowMapping> merged,
      BooleanSupplier stopped) {
    this.part = part;
    this.field = field;
    this.rows = rows;
    this.parts = Collections.unmodifiableSequencedMap(parts);
    this.merged = merged;
    this.stopped = stopped;
  }

  /** How the rows are stored, by which metric they are near, and which index is to be built. */
  public VectorField field() {
    return field;
  }

  /** The rows, from their finished file. */
  public VectorSource rows() {
    return rows;
  }

  /** What was built for the same rows before this part, by name. */
  public SequencedMap<String, MemorySegment> parts() {
    return parts;
  }

  /**
   * Where the rows of the merged segments went, segment by segment; none in a flush. Rows that no
   * mapping leads to come from segments that another program wrote.
   */
  public List<RowMapping> merged() {
    return merged;
  }

  /** Whether the part is no longer wanted; costs next to nothing to ask. */
  public boolean isStopped() {
    return stopped.getAsBoolean();
  }

  /**
   * Returns if the part is still wanted.
   *
   * @throws BuildStoppedException if it is not
   */
  public void requireWanted() {
    if (isStopped()) {
      throw new BuildStoppedException(part);
    }
  }

  /** How indexes of core are built for this part: into that memory, ending with the need for it. */
  public BuildOptions options(Arena memory) {
    return BuildOptions.defaults()
        .into(memory)
        .withProgress(
            new Progress() {
              @Override
              public void check() {
                requireWanted();
              }

              @Override
              public void advance(long units) {}
            });
  }
}
