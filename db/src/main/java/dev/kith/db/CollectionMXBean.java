package dev.kith.db;

import java.util.Map;

/** What a collection counts, for JMX: {@code dev.kith:type=Collection,name=...}. */
public interface CollectionMXBean {
  /** Where it is kept. */
  String getPlace();

  /** Points alive. */
  long getPoints();

  /** Segments that are searched. */
  int getSegments();

  /** Bytes of all files. */
  long getBytes();

  /** Bytes of log that no checkpoint has replaced. */
  long getLogBytes();

  /** Points written since the collection was opened. */
  long getUpserts();

  /**
   * Recall that audits of the last hour found of approximate answers, on average, by the name of
   * the vectors; none where nothing was audited.
   */
  Map<String, Double> getAuditedRecall();

  /** Queries answered since the collection was opened. */
  long getQueries();
}
