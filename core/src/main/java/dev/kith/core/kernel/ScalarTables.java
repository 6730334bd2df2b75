package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/** Loops over blocks in plain Java: the reference that the others are tested against. */
public final class ScalarTables implements TableKernel {
  /** Creates the loops. */
  public ScalarTables() {}

  @Override
  public String name() {
    return "scalar loops";
  }

  @Override
  public void sums(
      CodeBlocks blocks, long first, int count, int planes, TableQuery query, MemorySegment sums) {
    TableKernel.requireSums(blocks, first, count, planes, query, sums);
    for (int r = 0; r < CodeBlocks.ROWS * count; r++) {
      sums.set(Panels.INT, 4L * r, sum(blocks, first * CodeBlocks.ROWS + r, planes, query));
    }
  }

  private static int sum(CodeBlocks blocks, long row, int planes, TableQuery query) {
    int all = 0;
    for (int plane = 0; plane < planes; plane++) {
      int sum = 0;
      for (int g = 0; g < blocks.shape().groups(); g++) {
        sum += query.entry(g, blocks.get(row, plane, g));
      }
      all = 2 * all + sum;
    }
    return all;
  }

  @Override
  public int scan(
      CodeBlocks blocks,
      long first,
      int rows,
      int planes,
      TableQuery query,
      MemorySegment allowed,
      BlockHits hits) {
    TableKernel.requireScan(blocks, first, rows, planes, query, allowed, hits);
    int kept = 0;
    for (int r = 0; r < rows; r++) {
      long row = first * CodeBlocks.ROWS + r;
      if (isAllowed(allowed, row)) {
        float bound = bound(blocks, row, planes, query, sum(blocks, row, planes, query));
        if (!(bound > query.threshold())) {
          hits.put(kept++, r, bound);
        }
      }
    }
    return kept;
  }

  static boolean isAllowed(MemorySegment allowed, long row) {
    return allowed.byteSize() == 0
        || (allowed.get(Panels.INT, row / CodeBlocks.ROWS * 4) >> row % CodeBlocks.ROWS & 1) != 0;
  }

  static float bound(CodeBlocks blocks, long row, int planes, TableQuery query, int sum) {
    float value = query.scale() * sum + query.shift();
    return switch (blocks.shape().terms()) {
      case 0 -> value;
      case 1 -> blocks.term(row, planes, CodeBlocks.Term.BASE) + value;
      default -> {
        float base = blocks.term(row, planes, CodeBlocks.Term.BASE);
        float slope = blocks.term(row, planes, CodeBlocks.Term.SLOPE);
        float error = blocks.term(row, planes, CodeBlocks.Term.ERROR);
        yield (base + slope * value) - query.weight() * error;
      }
    };
  }
}
