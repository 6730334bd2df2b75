package dev.kith.lab.profile;

import java.io.IOException;
import java.util.Optional;

/** Records activities of one kind: those of the JVM, those of a GPU. */
public interface ActivitySource {
  /**
   * Why it cannot record here, as a sentence with what to do about it; empty if it can. Becomes a
   * note of the profile.
   */
  Optional<String> unavailable();

  /**
   * Records from now on; called once, before the work begins, if {@link #unavailable} is empty.
   *
   * @param clock that the activities' times must be on
   */
  Running start(ProfileClock clock) throws IOException;

  /** A source that records. */
  interface Running {
    /** Stops, after the work is done, and hands over what was recorded. Called once. */
    void stop(Recorder.Sink sink) throws IOException;
  }
}
