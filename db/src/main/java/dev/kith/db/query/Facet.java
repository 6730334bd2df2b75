package dev.kith.db.query;

/**
 * How many points have a value.
 *
 * @param value of the field, as text
 * @param points that have it; one with several values counts for each
 */
public record Facet(String value, long points) {}
