package dev.kith.db.durability;

/**
 * Which bytes must have the checksum that they were written with before a process reads them for
 * the first time. Each segment's files are checked once, part by part, when a read first needs the
 * part; what was read before stays trusted. {@code verify} checks everything at any time.
 */
public enum Checks {
  /** None: a damaged byte may give a wrong answer until {@code verify} is run. */
  OFF,
  /**
   * Ids, payloads, words, values of fields, and the lists that lead from rows to points; not the
   * rows and shadows themselves, which are most of a collection's bytes.
   */
  QUERIED,
  /** The rows and shadows too: the first search reads the whole collection. */
  ALL;

  private static final String PROPERTY = "kith.checks";

  /**
   * What the system property {@code kith.checks} says: {@code off}, {@code queried} or {@code all};
   * {@link #QUERIED} without one.
   */
  public static Checks standard() {
    var text = System.getProperty(PROPERTY, QUERIED.name());
    for (var level : values()) {
      if (level.name().equalsIgnoreCase(text)) {
        return level;
      }
    }
    throw new IllegalArgumentException(
        "-D%s must be off, queried or all: %s".formatted(PROPERTY, text));
  }
}
