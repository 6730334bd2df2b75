package dev.kith.db.query;

import java.util.List;

/**
 * The answer to a query, grouped by a field.
 *
 * @param groups by their best hit
 * @param report what served it, all searches together
 */
public record Grouped(List<Group> groups, QueryReport report) {
  /** Copies the list. */
  public Grouped {
    groups = List.copyOf(groups);
  }

  /**
   * The best hits of one value.
   *
   * @param value of the field, as text
   * @param hits best first
   */
  public record Group(String value, List<Hit> hits) {
    /** Copies the list. */
    public Group {
      hits = List.copyOf(hits);
    }
  }
}
