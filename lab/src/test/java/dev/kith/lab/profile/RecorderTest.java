package dev.kith.lab.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.profile.Activity.Range;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.junit.jupiter.api.Test;

class RecorderTest {
  /** Source that says that it cannot record. */
  private static final ActivitySource ABSENT =
      new ActivitySource() {
        @Override
        public Optional<String> unavailable() {
          return Optional.of("no such device; buy one");
        }

        @Override
        public Running start(ProfileClock clock, Recorder.Sink sink) {
          throw new AssertionError("started though unavailable");
        }
      };

  @Test
  void stop_afterASearch_hasItsRangesInTimeAndInEachOther() throws Exception {
    long before = System.currentTimeMillis() - 1;
    var recorder = Recorder.start(List.of(new JfrSource()));
    long nanoTime = System.nanoTime();
    try (var _ = NamedRange.open("all of it", "command");
        var rows = VectorSource.of(new float[] {0}, new float[] {1}, new float[] {2})) {
      var index = VectorIndex.over(rows, Metric.L2, "flat(shadow=int8)");
      index.search(rows.slice(0, 2), SearchOptions.nearest(1).onBackend("scalar"));
    }
    long took = System.nanoTime() - nanoTime;
    var profile = recorder.stop(Map.of("command", "test"));

    assertThat(profile.begin().toEpochMilli()).isBetween(before, System.currentTimeMillis());
    var ranges = profile.each(Range.class).filter(range -> !range.domain().equals("jvm")).toList();
    assertThat(ranges)
        .extracting(Range::name)
        .containsExactly("all of it", "Index build", "Index search");
    var all = ranges.get(0);
    var build = ranges.get(1);
    var search = ranges.get(2);
    assertThat(all.domain()).isEqualTo("command");
    assertThat(build.details())
        .containsEntry("index", "flat(shadow=int8)")
        .containsEntry("rows", 3L);
    assertThat(search.details())
        .containsEntry("queries", 2L)
        .containsEntry("backend", "scalar")
        .containsEntry("rows", 6L);
    assertThat(all.start()).isNotNegative();
    assertThat(build.start()).isBetween(all.start(), build.end());
    assertThat(search.start()).isBetween(build.end(), search.end());
    assertThat(search.end()).isLessThanOrEqualTo(all.end());
    assertThat(all.end()).isLessThanOrEqualTo(profile.nanos());
    assertThat(all.nanos()).isLessThanOrEqualTo(took);
    assertThat(profile.threads()).containsEntry(all.thread(), Thread.currentThread().getName());
    assertThat(profile.notes()).isEmpty();
  }

  /** The clocks of JFR and of System.nanoTime are one to within a millisecond. */
  @Test
  void clock_ofJfrAndNanoTime_agree() throws Exception {
    var recorder = Recorder.start(List.of(new JfrSource()));
    var range = NamedRange.open("now");
    long now = recorder.clock().now();
    range.close();
    var profile = recorder.stop(Map.of());
    var recorded = profile.each(Range.class).filter(r -> r.name().equals("now")).toList();
    assertThat(recorded).hasSize(1);
    assertThat(recorded.getFirst().start()).isBetween(now - 5_000_000, now + 1_000_000);
    assertThat(recorded.getFirst().end()).isBetween(now - 1_000_000, now + 500_000_000);
  }

  /** Event like that of dev.kith.cuda, which needs a GPU. */
  @Name("dev.kith.GpuSearch")
  @Label("GPU search")
  @Enabled(false)
  @SuppressWarnings("UnusedVariable") // the flight recorder reads them
  private static final class GpuSearch extends Event {
    @Label("Queries")
    long queries = 7;

    @Label("Nanoseconds of kernels")
    long kernelNanos = 900;

    @Label("Nanoseconds of copies")
    long copyNanos = 100;
  }

  @Test
  void start_nothingElseRecordsTheGpu_searchesAreTimedByEvents() throws Exception {
    for (boolean timesGpu : new boolean[] {true, false}) {
      var recorder = Recorder.start(List.of(new JfrSource(() -> timesGpu)));
      var event = new GpuSearch();
      event.begin();
      event.commit();
      var profile = recorder.stop(Map.of());
      assertThat(profile.each(Range.class).filter(range -> range.name().equals("GPU search")))
          .extracting(Range::details)
          .isEqualTo(
              timesGpu
                  ? List.of(Map.of("queries", 7L, "kernelNanos", 900L, "copyNanos", 100L))
                  : List.of());
      assertThat(profile.notes())
          .isEqualTo(
              timesGpu
                  ? List.of(
                      "searches on the GPU were timed by CUDA events: what kernels and copies of a"
                          + " search took together, not each of them, nor loading rows")
                  : List.of());
      assertThat(ProfileSummary.of(profile).kernelShare()).isEqualTo(timesGpu ? 0.9 : null);
    }
  }

  @Test
  void start_sourceThatCannot_isNotedWithItsReason() throws Exception {
    var profile = Recorder.start(List.of(ABSENT)).stop(Map.of());
    assertThat(profile.notes()).containsExactly("no such device; buy one");
    assertThat(profile.activities()).isEmpty();
  }

  @Test
  void add_moreThanAreKept_countsThoseDropped() throws Exception {
    var recorder = Recorder.start(List.of(), 2);
    for (int i = 0; i < 5; i++) {
      recorder.sink().add(Profiles.range("r" + i, i, i + 1));
    }
    var profile = recorder.stop(Map.of());
    assertThat(profile.activities()).extracting(Activity::name).containsExactly("r0", "r1");
    assertThat(profile.notes())
        .containsExactly(
            "3 activities were dropped, only the first 2 are kept: profile less at once");
  }

  @Test
  void add_endBeforeStart_isRefused() throws Exception {
    var recorder = Recorder.start(List.of());
    assertThatThrownBy(() -> recorder.sink().add(Profiles.range("r", 2, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("an activity must not end before its start: Range[start=2, end=1");
    assertThat(recorder.stop(Map.of()).activities()).isEmpty();
  }
}
