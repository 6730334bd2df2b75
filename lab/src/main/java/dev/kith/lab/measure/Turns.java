package dev.kith.lab.measure;

/**
 * Order in which what is compared takes its turns. Within a round, for each piece of the work and
 * each setting, all contestants do it one after the other, beginning with another one each round:
 * other work on the machine, its clock and its caches meet all alike.
 */
public final class Turns {
  private Turns() {}

  /** One turn. */
  @FunctionalInterface
  public interface Turn {
    /** Does a piece of the work with a setting, as a contestant; all count from 0. */
    void take(int piece, int setting, int contestant);
  }

  /** Takes all turns of {@code round}, which counts from 0. */
  public static void round(int round, int pieces, int settings, int contestants, Turn turn) {
    for (int piece = 0; piece < pieces; piece++) {
      for (int setting = 0; setting < settings; setting++) {
        for (int place = 0; place < contestants; place++) {
          turn.take(piece, setting, (place + round) % contestants);
        }
      }
    }
  }
}
