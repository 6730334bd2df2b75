package dev.kith.cuda.ladder;

import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.CudaUnavailableException;
import java.util.List;
import java.util.stream.Collectors;

/** One way to search on a GPU, told to a reader and run on their data: L2, float32 rows. */
public final class GpuRung {
  /** Queries of a batch, at most. */
  static final int BATCH = 1024;

  /** With 32 threads for each, their numbers fit 32 bits. */
  private static final long MOST_ROWS = 1L << 26;

  /** Makes the search. */
  interface Way {
    GpuSearch prepare(VectorSource rows, VectorSource queries, int k)
        throws CudaUnavailableException;
  }

  private final String name;
  private final boolean batched;
  private final boolean proved;
  private final String description;
  private final List<LadderSource> sources;
  private final Way way;

  GpuRung(
      String name,
      boolean batched,
      boolean proved,
      String description,
      List<LadderSource> sources,
      Way way) {
    this.name = name;
    this.batched = batched;
    this.proved = proved;
    this.description = description;
    this.sources = sources;
    this.way = way;
  }

  /** Short and unique, such as {@code fused-distance}. */
  public String name() {
    return name;
  }

  /** One paragraph: what it does otherwise than the rung before, and what that brings. */
  public String description() {
    return description;
  }

  /** Its kernels, and the host's loop where that matters, as they stand in the source. */
  public String source() {
    if (sources.size() == 1) {
      return sources.getFirst().text();
    }
    return sources.stream()
        .map(part -> "// %s%n%s".formatted(part.file(), part.text()))
        .collect(Collectors.joining("\n"));
  }

  /** Where {@link #source} stands, from the project's folder on: the file of the kernels. */
  public String file() {
    return sources.getLast().file();
  }

  /** Whether its answers are proved to be exact; else they are those of float32 distances. */
  public boolean proved() {
    return proved;
  }

  /** How many of {@code queries} are taken together. */
  public int queriesAtOnce(int queries) {
    return batched ? Math.min(queries, BATCH) : 1;
  }

  /**
   * Brings the rows to the device, or gets ready to. Both sources stay the caller's and open.
   *
   * @param rows float32 and finite; at least one, at most 2^26
   * @param queries likewise, of the same dimension
   * @param k at least 1, at most {@link GpuLadder#MOST_NEIGHBOURS}
   * @throws CudaUnavailableException with the reason, if no GPU can be used
   * @throws dev.kith.cuda.memory.DeviceBudgetException if its memory has no room
   */
  public GpuSearch prepare(VectorSource rows, VectorSource queries, int k)
      throws CudaUnavailableException {
    if (rows.elementType() != ElementType.FLOAT32
        || queries.elementType() != ElementType.FLOAT32
        || rows.dimension() != queries.dimension()) {
      throw new IllegalArgumentException(
          "a rung searches float32 rows with queries like them: rows=%s x %d (%s), queries=%s x %d (%s)"
              .formatted(
                  rows.elementType(),
                  rows.dimension(),
                  rows.name(),
                  queries.elementType(),
                  queries.dimension(),
                  queries.name()));
    }
    if (rows.size() < 1 || rows.size() > MOST_ROWS || queries.size() < 1) {
      throw new IllegalArgumentException(
          "a rung searches 1 to %d rows with at least one query: rows=%d (%s), queries=%d (%s)"
              .formatted(MOST_ROWS, rows.size(), rows.name(), queries.size(), queries.name()));
    }
    if (k < 1 || k > GpuLadder.MOST_NEIGHBOURS) {
      throw new IllegalArgumentException(
          "a rung finds 1 to %d neighbours: k=%d".formatted(GpuLadder.MOST_NEIGHBOURS, k));
    }
    return way.prepare(rows, queries, k);
  }

  @Override
  public String toString() {
    return name;
  }
}
