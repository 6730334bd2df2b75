package dev.kith.db.filter;

/**
 * A filter that cannot be read, or that does not fit a collection's schema. The message is one
 * line: {@code filter: column 12: expected a value after '==', found '&&'}.
 */
public final class FilterException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final int column;
  private final String problem;

  /** Of a filter that was built in code. */
  public FilterException(String problem) {
    this(0, problem);
  }

  /**
   * Of a filter that was read from text.
   *
   * @param column where in the text, counted in UTF-16 units from 1; 0 if there is no text
   * @param problem what is wrong, and what to do
   */
  public FilterException(int column, String problem) {
    super(column == 0 ? "filter: " + problem : "filter: column %d: %s".formatted(column, problem));
    this.column = column;
    this.problem = problem;
  }

  /** Where in the text, counted in UTF-16 units from 1; 0 if the filter was not read from text. */
  public int column() {
    return column;
  }

  /** The same, at that column unless it has one. */
  FilterException at(int place) {
    return column == 0 ? new FilterException(place, problem) : this;
  }
}
