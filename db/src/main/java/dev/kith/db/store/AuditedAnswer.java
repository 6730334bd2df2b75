package dev.kith.db.store;

import dev.kith.core.search.Effort;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.run.Deadline;
import dev.kith.db.run.Scope;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** An approximate answer, the segments that gave it, and what it was asked. */
final class AuditedAnswer implements Audits.Answer {
  private final Moment moment;
  private final String vector;
  private final double asked;
  private final float[] query;
  private final int k;
  private final Scope exactly;
  private final Set<SegmentPoint> found;
  private int size;

  /**
   * Takes over the moment.
   *
   * @param asked recall
   * @param query {@code [d]}
   * @param scope of the search
   * @param found its answer, of which nothing but places is read
   */
  AuditedAnswer(
      Moment moment,
      String vector,
      double asked,
      float[] query,
      int k,
      Scope scope,
      List<SegmentPoint> found) {
    this.moment = moment;
    this.vector = vector;
    this.asked = asked;
    this.query = query;
    this.k = k;
    this.exactly =
        new Scope(scope.filter(), new Deadline(null), scope.backend(), 1, new Effort.Exact());
    this.found = new HashSet<>(found);
  }

  @Override
  public String vector() {
    return vector;
  }

  @Override
  public double asked() {
    return asked;
  }

  @Override
  public float[] query() {
    return query;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public double recall() throws IOException {
    try (var source = VectorSource.single(query)) {
      var exact = new VectorSearch(moment, vector, exactly).nearest(source, k).getFirst();
      size = exact.size();
      return size == 0 ? 1 : (double) exact.stream().filter(found::contains).count() / size;
    }
  }

  @Override
  public int calibrate(List<float[]> queries) throws IOException {
    int measured = 0;
    try (var source = VectorSource.of(queries.toArray(float[][]::new))) {
      for (var leaf : moment.reader().leaves()) {
        var vectors = SegmentVectors.of(leaf.reader(), Documents.vectorField(vector));
        if (vectors != null && vectors.hasIndex() && measures(vectors.field().index())) {
          vectors.calibrate(source);
          measured++;
        }
      }
    }
    return measured;
  }

  /** Whether an index goes by a curve; a sweep goes by its bounds, and a scan is exact. */
  static boolean measures(IndexSpec index) {
    return index instanceof GraphSpec || (index instanceof ListSpec lists && !lists.sweeps());
  }

  @Override
  public void close() {
    moment.close();
  }
}
