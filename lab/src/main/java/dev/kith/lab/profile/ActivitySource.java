package dev.kith.lab.profile;

import java.io.IOException;
import java.util.Optional;

/** Source of activities of one kind, such as those of the JVM or of a GPU. */
public interface ActivitySource {
  /**
   * Reason why it cannot record here, as a sentence with what to do about it; empty if it can.
   * Becomes a note of the profile.
   */
  Optional<String> unavailable();

  /**
   * Starts recording; called once, before the work begins, if {@link #unavailable} is empty.
   *
   * @param clock clock that the activities' times must be on
   * @param sink receiver of what is recorded, by any thread, until the source has stopped
   */
  Running start(ProfileClock clock, Recorder.Sink sink) throws IOException;

  /** A source that records. */
  interface Running {
    /** Stops, after the work is done, once all that was recorded is handed over. Called once. */
    void stop() throws IOException;
  }
}
