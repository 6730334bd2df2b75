package dev.kith.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.cli.console.Progress.Style;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final String END = System.lineSeparator();

  private final StringWriter err = new StringWriter();
  private final AtomicLong clock = new AtomicLong(-5_000_000_000L); // nanoTime may be negative

  @AfterEach
  void forgetTerminal() {
    System.clearProperty("kith.terminal");
  }

  @Test
  void lines_onlyEveryTenSeconds() {
    var progress = progress(Style.LINES, 1000);
    progress.watch(
        () -> {
          at(progress, 9.9, 99);
          assertThat(err.toString()).isEmpty();
          at(progress, 10, 100);
          at(progress, 19.9, 200);
          at(progress, 20, 400);
          at(progress, 25, 1000);
          return "";
        });
    assertThat(err.toString())
        .isEqualTo(
            "embedding 100/1000 texts, 10/s, 1 min 30 s left"
                + END
                + "embedding 400/1000 texts, 20/s, 30 s left"
                + END);
    assertThat(progress.rate()).isEqualTo(40);
  }

  @Test
  void bar_isRedrawnTenTimesASecondAndAtTheEnd() {
    var progress = progress(Style.BAR, 30);
    progress.watch(
        () -> {
          at(progress, 0.05, 1);
          assertThat(err.toString()).isEmpty();
          at(progress, 2, 15);
          at(progress, 2.05, 20);
          at(progress, 2.06, 30);
          return "";
        });
    assertThat(err.toString())
        .isEqualTo(
            "\r[###############               ] embedding 15/30 texts, 7.5/s, 2 s left"
                + "\r[##############################] embedding 30/30 texts, 15/s, 0 s left "
                + END);
  }

  @Test
  void bar_shorterThanBefore_leavesNothingOfTheOldOne() {
    var progress = progress(Style.BAR, 1000);
    at(progress, 1, 1);
    int longest = err.toString().length();
    assertThat(err.toString()).endsWith("1.0/s, 16 min 39 s left");
    at(progress, 2, 999);
    assertThat(err.toString().substring(longest)).hasSize(longest).endsWith(", 0 s left      ");
  }

  @Test
  void bar_workFails_itsLineIsEndedAndNothingDrawnAfterwards() {
    var progress = progress(Style.BAR, 30);
    assertThatThrownBy(
            () ->
                progress.watch(
                    () -> {
                      at(progress, 1, 15);
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);
    at(progress, 2, 20); // a batch that was under way
    assertThat(err.toString()).endsWith(" 15/30 texts, 15/s, 1 s left" + END);
  }

  @Test
  void bar_nothingDone_drawsNothing() {
    var progress = progress(Style.BAR, 0);
    assertThat(progress.<String>watch(() -> "answer")).isEqualTo("answer");
    assertThat(err.toString()).isEmpty();
    assertThat(progress.rate()).isZero();
  }

  @Test
  void bar_noneDoneYet_hasNoTimeLeft() {
    at(progress(Style.BAR, 10), 1, 0);
    assertThat(err.toString()).endsWith("embedding 0/10 texts, 0.0/s, ? left");
  }

  @Test
  void silent_showsNothingButKeepsTheRate() {
    var progress = progress(Style.SILENT, 30);
    progress.watch(
        () -> {
          at(progress, 15, 30);
          return "";
        });
    assertThat(err.toString()).isEmpty();
    assertThat(progress.rate()).isEqualTo(2);
  }

  @Test
  void style_isABarOnlyWhereTheLauncherSawATerminal() {
    assertThat(Style.of(false)).isEqualTo(Style.LINES);
    System.setProperty("kith.terminal", "true");
    assertThat(Style.of(false)).isEqualTo(Style.BAR);
    assertThat(Style.of(true)).isEqualTo(Style.SILENT);
  }

  private Progress progress(Style style, long total) {
    return new Progress(new PrintWriter(err), "embedding", "texts", total, style, clock::get);
  }

  private void at(Progress progress, double second, long done) {
    clock.set(-5_000_000_000L + Math.round(second * 1e9));
    progress.accept(done);
  }
}
