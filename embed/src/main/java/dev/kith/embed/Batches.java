package dev.kith.embed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Groups texts of similar length, so that little is padded: longest first, and never more tokens in
 * a batch than stay in a core's cache on their way through a layer.
 */
final class Batches {
  /**
   * Most tokens of a batch: texts times the longest of them. Of 128 to 8192 this measured fastest
   * or close to it for long and short texts, float32 and quantized; 8192 took a core half as long
   * again and more.
   */
  static final int TOKENS = 512;

  private Batches() {}

  /** Batches of indexes into {@code texts}, each exactly once. */
  static List<int[]> of(List<int[]> texts) {
    var byLength =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> -texts.get(i).length))
            .mapToInt(i -> i)
            .toArray();
    var batches = new ArrayList<int[]>();
    for (int from = 0; from < byLength.length; ) {
      int rows = Math.max(1, TOKENS / texts.get(byLength[from]).length);
      int to = Math.min(from + rows, byLength.length);
      batches.add(Arrays.copyOfRange(byLength, from, to));
      from = to;
    }
    return batches;
  }
}
