package dev.kith.lab.ladder;

import dev.kith.core.vector.VectorSource;

/** A loop over float32 rows, one query after the other. */
abstract class FloatLoop implements Rung.Prepared {
  private final VectorSource rows;
  private final VectorSource queries;
  private final int k;

  FloatLoop(VectorSource rows, VectorSource queries, int k) {
    this.rows = rows;
    this.queries = queries;
    this.k = k;
  }

  /** Offers every row with its float32 distance. */
  abstract void scan(float[] query, Finalists finalists);

  @Override
  public Rung.Answer search(int first, int count) {
    var answers = new long[count][];
    for (int q = 0; q < count; q++) {
      var query = queries.row(first + q);
      var finalists = new Finalists(rows.dimension(), k);
      scan(query, finalists);
      answers[q] = finalists.decide(rows, query, k);
    }
    long elements = rows.size() * rows.dimension() * count;
    return new Rung.Answer(answers, elements * Float.BYTES, elements, "plain Java");
  }

  @Override
  public void close() {}
}
