package dev.kith.lab.report;

import dev.kith.lab.profile.Profile;

/**
 * Stretch of a profile that is looked at closely, such as one search.
 *
 * @param name small letters, digits and hyphens
 * @param from begin, in nanoseconds since the profile began
 * @param to end, in nanoseconds since the profile began; later
 */
public record Stretch(String name, long from, long to) {
  /** Checks name and times. */
  public Stretch {
    if (!name.matches("[a-z0-9]+(-[a-z0-9]+)*")) {
      throw new IllegalArgumentException(
          "the name of a stretch must be small letters, digits and hyphens: '%s'".formatted(name));
    }
    if (from < 0 || from >= to) {
      throw new IllegalArgumentException(
          "a stretch must begin at 0 or later and end after that: %s from %.6f ms to %.6f ms"
              .formatted(name, from / 1e6, to / 1e6));
    }
  }

  /** Stretch of all that was recorded. */
  static Stretch whole(Profile profile) {
    return new Stretch("profile", 0, Math.max(profile.nanos(), 1));
  }

  long nanos() {
    return to - from;
  }

  /** Place of a time in the stretch, 0 to 1. */
  double place(long time) {
    return Math.clamp((double) (time - from) / nanos(), 0, 1);
  }
}
