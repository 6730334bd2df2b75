package dev.kith.lab.report;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Places of labels beside what they name, as near as there is room. No two labels meet; they keep
 * off what is drawn, unless there is no other place.
 */
final class LabelPlaces {
  /** Distance of the middle of a label from what it names, at least. */
  private static final int NEAREST = 10;

  private static final int STEP = 3;
  private static final int DIRECTIONS = 8;

  private final Box bounds;
  private final List<Box> drawn;
  private final List<Box> placed = new ArrayList<>();

  /** Room that something takes, from its upper left corner. */
  record Box(double x, double y, double width, double height) {
    /** Box around a place. */
    static Box around(double x, double y, double width, double height) {
      return new Box(x - width / 2, y - height / 2, width, height);
    }

    boolean meets(Box other) {
      return x < other.x + other.width
          && other.x < x + width
          && y < other.y + other.height
          && other.y < y + height;
    }

    boolean holds(Box other) {
      return other.x >= x
          && other.x + other.width <= x + width
          && other.y >= y
          && other.y + other.height <= y + height;
    }
  }

  LabelPlaces(Box bounds, List<Box> drawn) {
    this.bounds = bounds;
    this.drawn = List.copyOf(drawn);
  }

  /** Places a label beside {@code x}, {@code y}. */
  Box place(double x, double y, double width, double height) {
    Box chosen = free(x, y, width, height);
    placed.add(chosen);
    return chosen;
  }

  private Box free(double x, double y, double width, double height) {
    @Nullable Box covering = null;
    for (int away = NEAREST; away < bounds.width + bounds.height; away += STEP) {
      for (int turn = 0; turn < DIRECTIONS; turn++) {
        double angle = turn * 2 * Math.PI / DIRECTIONS;
        var box =
            Box.around(
                x + (away + width / 2 - 4) * Math.cos(angle),
                y - away * Math.sin(angle),
                width,
                height);
        if (bounds.holds(box) && placed.stream().noneMatch(box::meets)) {
          if (drawn.stream().noneMatch(box::meets)) {
            return box;
          }
          covering = covering == null ? box : covering;
        }
      }
    }
    return covering == null ? Box.around(x, y, width, height) : covering;
  }
}
