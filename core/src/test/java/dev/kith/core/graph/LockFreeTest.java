package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.Chunks;
import java.lang.foreign.Arena;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/**
 * What readers of a live graph do without a lock: Lincheck runs a few steps of some threads in many
 * orders, and looks for results that no order of whole steps has. It checks orders, not what a
 * processor may see late: that is what its stress runs, and the stress tests of EpochsTest and
 * LiveGraphTest, are for.
 */
class LockFreeTest {
  /** Checks a history in controlled orders, and in a campaign as stress, too. */
  private static void check(Class<?> history) {
    check(new ModelCheckingOptions().invocationsPerIteration(300), history);
    if (Seeded.effort() > 1) {
      check(new StressOptions().invocationsPerIteration(1000), history);
    }
  }

  private static void check(Options<?, ?> options, Class<?> history) {
    options
        .iterations(Seeded.effort())
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(1)
        .actorsAfter(1)
        .check(history);
  }

  /**
   * Readers of a box that a writer replaces, and spoils once nobody can read it.
   *
   * <p>That this can fail was tried with mutants of {@link Epochs}, and the model checker found a
   * reader of a spoilt box for each mutant: {@code free} with {@code <} for {@code <=}; {@code
   * enter} that notes nothing; {@code retire} that returns the epoch before. {@link
   * #check_readersThatDoNotEnter_findsTheOrder} keeps one that needs no change of Epochs, because
   * Lincheck checks no order at all where it cannot instrument classes.
   */
  public static class EpochsHistory {
    private final boolean enters;
    private final Epochs epochs = new Epochs();
    private final Epochs.Member one = epochs.join();
    private final Epochs.Member other = epochs.join();
    private volatile Box shared = new Box();

    /** Creates a history of readers that enter, as they must. */
    public EpochsHistory() {
      this(true);
    }

    private EpochsHistory(boolean enters) {
      this.enters = enters;
    }

    private static final class Box {
      int value = 1;
    }

    /** Reads as one thread; whether the box was whole from beginning to end. */
    @Operation(nonParallelGroup = "one")
    public boolean readAsOne() {
      return read(one);
    }

    /** Reads as another thread. */
    @Operation(nonParallelGroup = "other")
    public boolean readAsOther() {
      return read(other);
    }

    private boolean read(Epochs.Member member) {
      if (enters) {
        member.enter();
      }
      var box = shared;
      int first = box.value;
      int last = box.value;
      if (enters) {
        member.exit();
      }
      return first == 1 && last == 1;
    }

    /** Replaces the box. */
    @Operation(nonParallelGroup = "writer")
    public void replace() {
      var before = shared;
      shared = new Box();
      if (epochs.free(epochs.retire())) {
        before.value = 0; // the slot gets another row
      }
    }
  }

  @Test
  void epochs_anyOrder_noReaderSeesWhatWasFreed() {
    check(EpochsHistory.class);
  }

  /** The same with readers that do not say that they read. */
  public static final class CarelessHistory extends EpochsHistory {
    /** Creates a history that some order breaks. */
    public CarelessHistory() {
      super(false);
    }
  }

  @Test
  void check_readersThatDoNotEnter_findsTheOrder() {
    assertThatThrownBy(() -> check(CarelessHistory.class))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("replace()")
        .hasMessageContaining("false");
  }

  /** A slot whose row is deleted by any thread, and comes back under another number. */
  public static final class SlotHistory {
    private final LiveRows rows = new LiveRows(new Chunks(64), 1);
    private int uses;

    /** Creates a slot with a row. */
    public SlotHistory() {
      put();
    }

    private void put() {
      rows.write(0, new float[] {++uses});
      rows.revive(0);
    }

    /** Deletes the first row. */
    @Operation
    public boolean deleteFirst() {
      return rows.bury(0);
    }

    /** Deletes the second row. */
    @Operation
    public boolean deleteSecond() {
      return rows.bury(1L << 32);
    }

    /** Whether the second row is there. */
    @Operation
    public boolean hasSecond() {
      return rows.has(1L << 32);
    }

    /** Gives the slot to another row if its own is gone. */
    @Operation(nonParallelGroup = "owner")
    public boolean reuse() {
      if (rows.live(0)) {
        return false;
      }
      rows.vacate(0);
      put();
      return true;
    }
  }

  @Test
  void rows_anyOrder_areDeletedOnceAndUnderTheirOwnNumber() {
    check(SlotHistory.class);
  }

  /** Rows that are written, grow into new memory, and are published by a link. */
  public static final class PublicationHistory {
    private static final int FIRST = 62;

    private final LiveRows rows = new LiveRows(new Chunks(64), 1);
    private volatile LinkChunks links = LinkChunks.of(new Chunks(64), 8);
    private int last = FIRST;

    /** Writes a row, and then links row 0 to it. */
    @Operation(nonParallelGroup = "writer")
    public void publish() {
      int row = ++last;
      if (row == rows.size()) {
        rows.grow();
        links = links.grown();
      }
      rows.write(row, new float[] {row});
      rows.revive(row);
      var line = new int[8];
      int count = links.neighbours(0, line);
      line[count] = row;
      links.set(0, line, count + 1);
    }

    /** Follows the links of row 0; whether each leads to a row that is whole. */
    @Operation
    public boolean follow() {
      var seen = links;
      var line = new int[8];
      int count = seen.neighbours(0, line);
      boolean good = true;
      for (int i = 0; i < count; i++) {
        good &= line[i] > FIRST && rows.live(line[i]) && rows.row(line[i])[0] == line[i];
      }
      return good;
    }
  }

  @Test
  void links_anyOrder_leadToRowsThatWereWritten() {
    check(PublicationHistory.class);
  }

  /** A line of links that is replaced while it is read. */
  public static final class LineHistory {
    private final Graph graph = new Graph(Arena.ofAuto().allocate(4L * 4 * 4), 4, 4);
    private int turn;

    /** Creates a line of two links. */
    public LineHistory() {
      graph.setNeighbours(0, new int[] {1, 2}, 2);
    }

    /** Replaces the line. */
    @Operation(nonParallelGroup = "writer")
    public void replace() {
      turn ^= 1;
      graph.setNeighbours(0, turn == 0 ? new int[] {1, 2} : new int[] {3, 1, 2}, 2 + turn);
    }

    /** Reads the line; whether each link is old or new, or none. */
    @Operation
    public boolean read() {
      var line = new int[4];
      int count = graph.neighbours(0, line);
      boolean good = count <= 3;
      for (int i = 0; i < count; i++) {
        good &= line[i] >= Graph.NONE && line[i] != 0 && line[i] <= 3;
      }
      return good;
    }
  }

  @Test
  void line_anyOrder_hasNoLinkThatNobodyWrote() {
    check(LineHistory.class);
  }
}
