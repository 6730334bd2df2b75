package dev.kith.db.format;

import dev.kith.db.point.VectorField;
import java.io.IOException;

/**
 * Makes one named part of a segment's vectors from their rows, when a segment is flushed or merged:
 * a shadow, or an index of another kind. A field must be searchable without the part, since a
 * segment may lack it: because it has few rows, because an older Kith wrote it, because the
 * collection was closed while it was built, or because the build failed. Stateless, safe for many
 * threads.
 *
 * <p>A runtime exception of a build that is not quick is logged, and the segment does without the
 * part until it is merged with others or optimized. One of a quick build, an I/O exception or an
 * error ends all writes of the collection until it is opened again, as a full disk does.
 */
public interface PartBuilder {
  /**
   * What the part is called in segments, for ever. It stands for the layout of the bytes: another
   * layout is another name.
   */
  String name();

  /** How the file ends that holds the part of all fields; no other builder's ends so. */
  String extension();

  /** Whether a field that has {@code rows} rows in a segment is to have the part there. */
  boolean isWanted(VectorField field, int rows);

  /**
   * Whether building takes about as long as writing the rows. A flush that closing waits for builds
   * it all the same then; a longer build is ended, and the segment does without the part until it
   * is merged.
   */
  boolean isQuick();

  /**
   * Whether flushes build it too. If not, a segment does without it until it is merged, so that
   * writes never wait for it.
   */
  default boolean isBuiltByFlushes() {
    return true;
  }

  /**
   * Writes the part.
   *
   * @param build the rows, and whether the part is still wanted; to be asked often
   * @param out takes the part's bytes, which begin at a multiple of 64
   * @throws BuildStoppedException if the part is no longer wanted; what was written is dropped
   */
  void build(Build build, PartOutput out) throws IOException;
}
