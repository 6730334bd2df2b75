package dev.kith.core.quant;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.vector.Chunks;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Row-major codes in chunks, to which rows are added while others are read: all chunks share one
 * {@linkplain WalkSpace space} and one step, which stay as they were fitted. Immutable but for the
 * codes themselves, which an {@link Encoder} writes; what keeps readers from a row that is being
 * written is the caller's matter.
 */
public final class CodeChunks {
  private final Chunks chunks;
  private final RowCodes[] parts;

  private CodeChunks(Chunks chunks, RowCodes[] parts) {
    this.chunks = chunks;
    this.parts = parts;
  }

  /** Codes in the space of {@code fitted}, with room for the rows of the first chunk. */
  public static CodeChunks like(RowCodes fitted, Chunks chunks) {
    return new CodeChunks(chunks, new RowCodes[] {fitted.like(chunks.rows(0), Arena.ofAuto())});
  }

  /** These codes with one chunk more; what there is stays where it is. */
  public CodeChunks grown() {
    var more = Arrays.copyOf(parts, parts.length + 1);
    more[parts.length] = parts[0].like(chunks.rows(parts.length), Arena.ofAuto());
    return new CodeChunks(chunks, more);
  }

  /** Number of rows that there is room for. */
  public int capacity() {
    return chunks.start(parts.length);
  }

  /** Bytes of all chunks. */
  public long bytes() {
    return Arrays.stream(parts).mapToLong(part -> part.body().byteSize()).sum();
  }

  /** Space that is coded. */
  public WalkSpace space() {
    return parts[0].space();
  }

  /** Copies row {@code from} of codes in the same space to row {@code to} of these. */
  public void copyRow(RowCodes codes, int from, int to) {
    int chunk = chunks.chunkOf(to);
    parts[chunk].copyRow(codes, from, to - chunks.start(chunk));
  }

  /** Copies of the codes of some rows, in that order. */
  public RowCodes pick(int[] picked, Arena arena) {
    var some = parts[0].like(picked.length, arena);
    for (int i = 0; i < picked.length; i++) {
      int chunk = chunks.chunkOf(picked[i]);
      some.copyRow(parts[chunk], picked[i] - chunks.start(chunk), i);
    }
    return some;
  }

  /** Encoder of rows, of one thread. */
  public final class Encoder {
    private final RowCodes.Coder[] coders = new RowCodes.Coder[parts.length];

    private Encoder() {
      Arrays.setAll(coders, part -> parts[part].coder());
    }

    /**
     * Codes row {@code from} of {@code rows} as row {@code to}; values out of the range of the
     * codes become the nearest that is in it.
     *
     * @return squared length of what the codes lost and left out
     * @throws dev.kith.core.vector.VectorDataException if the row is not finite
     */
    public double encode(VectorSource rows, long from, int to) {
      int chunk = chunks.chunkOf(to);
      double leftOut = coders[chunk].encode(rows, from, to - chunks.start(chunk));
      return leftOut + coders[chunk].lost();
    }
  }

  /** Creates an encoder for one thread. */
  public Encoder encoder() {
    return new Encoder();
  }

  /** Scorers over the rows of all chunks. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public Scorers scorers(Kernels kernels) {
    var each = new Scorers[parts.length];
    Arrays.setAll(each, i -> parts[i].scorers(kernels));
    return new ChunkScorers(each);
  }

  /** Scorers over copies of the codes of some rows, side by side; see {@link RowCodes}. */
  @SuppressWarnings("exports")
  public Scorers scorersOf(int[] picked, Kernels kernels) {
    return pick(picked, Arena.ofAuto()).scorers(kernels);
  }

  /** Scorers that ask those of each chunk. */
  private final class ChunkScorers implements Scorers {
    private final Scorers[] each;

    ChunkScorers(Scorers[] each) {
      this.each = each;
    }

    @Override
    public Scorer scorer() {
      var first = each[0].scorer();
      var scorers = new Scorer[each.length];
      Arrays.setAll(scorers, i -> i == 0 ? first : first.sharing(each[i]));
      return each.length == 1 ? first : new ChunkScorer(scorers);
    }

    @Override
    public int size() {
      return capacity();
    }

    @Override
    public boolean projected() {
      return each[0].projected();
    }

    @Override
    public long bytesPerRow() {
      return each[0].bytesPerRow();
    }
  }

  /** Scorer of one thread: deals the picked rows out to the chunks, one call of the loops each. */
  private final class ChunkScorer implements Scorers.Scorer {
    private final Scorers.Scorer[] each;
    private final Picks[] dealt;
    private final int[][] places;
    private final int[] counts;
    private Scorers.Scorer last;

    ChunkScorer(Scorers.Scorer[] each) {
      this.each = each;
      this.last = each[0];
      this.dealt = new Picks[each.length];
      this.places = new int[each.length][0];
      this.counts = new int[each.length];
      Arrays.setAll(dealt, _ -> new Picks(0));
    }

    @Override
    public void setQuery(float[] query) {
      last = each[0];
      last.setQuery(query);
    }

    @Override
    public void setRow(int row) {
      int chunk = chunks.chunkOf(row);
      last = each[chunk];
      last.setRow(row - chunks.start(chunk));
    }

    @Override
    public float offset() {
      return last.offset();
    }

    @Override
    public void estimate(Picks picks, int count) {
      if (places[0].length < count) {
        for (int i = 0; i < each.length; i++) {
          dealt[i] = new Picks(picks.rows().length);
          places[i] = new int[picks.rows().length];
        }
      }
      Arrays.fill(counts, 0);
      var rows = picks.rows();
      for (int i = 0; i < count; i++) {
        int chunk = chunks.chunkOf(rows[i]);
        int at = counts[chunk]++;
        dealt[chunk].rows()[at] = rows[i] - chunks.start(chunk);
        places[chunk][at] = i;
      }
      var estimates = picks.estimates();
      for (int chunk = 0; chunk < each.length; chunk++) {
        int some = counts[chunk];
        if (some > 0) {
          each[chunk].estimate(dealt[chunk], some);
          var found = dealt[chunk].estimates();
          var to = places[chunk];
          for (int i = 0; i < some; i++) {
            estimates[to[i]] = found[i];
          }
        }
      }
    }

    @Override
    public Scorers.Scorer sharing(Scorers others) {
      return each[0].sharing(others);
    }
  }
}
