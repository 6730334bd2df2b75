package dev.kith.db.format;

/** A part of a segment is no longer wanted: its merge was aborted, or its collection closes. */
public final class BuildStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Of the part of that name. */
  public BuildStoppedException(String part) {
    super("the part is no longer wanted: " + part);
  }

  /** For pools of threads, which make such an exception of another thread's. */
  public BuildStoppedException(Throwable cause) {
    super(cause.getMessage(), cause);
  }

  /** Whether a failure is one, or comes from one. */
  static boolean caused(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof BuildStoppedException) {
        return true;
      }
    }
    return false;
  }
}
