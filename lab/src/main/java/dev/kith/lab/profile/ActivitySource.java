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
   * @param sink takes what is recorded, by any thread, until the source has stopped
   */
  Running start(ProfileClock clock, Recorder.Sink sink) throws IOException;

  /** A source that records. */
  interface Running {
    /** Stops, after the work is done, once all that was recorded is handed over. Called once. */
    void stop() throws IOException;
  }
}
