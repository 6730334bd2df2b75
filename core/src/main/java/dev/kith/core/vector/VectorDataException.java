package dev.kith.core.vector;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;

/**
 * Thrown when stored vectors contradict what they say of themselves: a short file, a wrong header,
 * a NaN. The message names the file, the offset, what was expected and what to do.
 */
public final class VectorDataException extends KithException {
  private static final long serialVersionUID = 1;

  /** Creates the exception with its complete message. */
  public VectorDataException(String message) {
    super(Reaction.RESTORE, message);
  }

  /** Creates the exception with its complete message, and what it came from. */
  public VectorDataException(String message, Throwable cause) {
    super(Reaction.RESTORE, message, cause);
  }

  /**
   * Checks that all values of a row, decoded, are finite.
   *
   * @throws VectorDataException naming the first that is not
   */
  public static void requireFinite(VectorSource source, long row, float[] values) {
    for (int e = 0; e < values.length; e++) {
      if (!Float.isFinite(values[e])) {
        throw new VectorDataException(
            "vectors must be finite: file=%s, offset=%d, row=%d, element=%d, found=%s; remove or repair that row"
                .formatted(source.name(), source.offsetOf(row, e), row, e, values[e]));
      }
    }
  }
}
