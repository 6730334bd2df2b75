package dev.kith.lab.ladder;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Rung of the loop that one writes first. */
final class ScalarRung implements Rung {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final int BLOCK_ROWS = 1024;

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String explanation() {
    return "Row after row, element after element: the gap, its square, the sum. The sum is one"
        + " chain: each addition needs the one before, and a float32 addition takes two to four"
        + " cycles, so the processor mostly waits for itself. The compiler may not break the chain,"
        + " for float32 sums depend on their order.";
  }

  @Override
  public SourceCode code() {
    return SourceCode.function(
        "lab/src/main/java/dev/kith/lab/ladder/ScalarRung.java",
        "private static float squaredDistance(");
  }

  @Override
  public int queriesAtOnce(int queries) {
    return 1;
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public @Nullable String unavailable() {
    return null;
  }

  @Override
  public Prepared prepare(VectorSource rows, VectorSource queries, int k) {
    return new FloatLoop(rows, queries, k) {
      @Override
      void scan(float[] query, Finalists finalists) {
        for (var block : rows.blocks(BLOCK_ROWS)) {
          for (int r = 0; r < block.rows(); r++) {
            float distance = squaredDistance(query, block.data(), r * block.stride());
            finalists.offer(distance, block.firstRow() + r);
          }
        }
      }
    };
  }

  private static float squaredDistance(float[] query, MemorySegment rows, long at) {
    float sum = 0;
    for (int i = 0; i < query.length; i++) {
      float gap = query[i] - rows.get(FLOAT, at + 4L * i);
      sum += gap * gap;
    }
    return sum;
  }
}
