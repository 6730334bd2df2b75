package dev.kith.lab.profile;

import static dev.kith.lab.profile.Profiles.copy;
import static dev.kith.lab.profile.Profiles.kernel;
import static dev.kith.lab.profile.Profiles.memset;
import static dev.kith.lab.profile.Profiles.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.lab.profile.ProfileSummary.Gap;
import dev.kith.lab.profile.ProfileSummary.Named;
import dev.kith.lab.profile.ProfileSummary.Work;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class ProfileSummaryTest {

  @Test
  void of_kernelsAndCopies_sharesLongestAndGaps() {
    var summary =
        ProfileSummary.of(
            Profiles.of(
                copy(CopyKind.HTOD, 4_096, 0, 100),
                kernel("void scan<int>(int)", 150, 450, 7),
                kernel("select", 450, 460, 7),
                kernel("void scan<int>(int)", 400, 690, 8),
                copy(CopyKind.DTOH, 8, 700, 701),
                memset(512, 701, 705),
                range("Search", 0, 900)));
    assertThat(summary.timedBy()).isEqualTo("activities");
    assertThat(summary.kernels()).isEqualTo(new Work(3, 600, 0));
    assertThat(summary.copies()).isEqualTo(new Work(2, 101, 4_104));
    assertThat(summary.memsets()).isEqualTo(new Work(1, 4, 512));
    assertThat(summary.kernelShare()).isEqualTo(600.0 / 705);
    assertThat(summary.longest())
        .containsExactly(
            new Named("scan", "kernel", 2, 590, 300),
            new Named("Memcpy Host-to-Device", "copy", 1, 100, 100),
            new Named("select", "kernel", 1, 10, 10),
            new Named("Memset", "memset", 1, 4, 4),
            new Named("Memcpy Device-to-Host", "copy", 1, 1, 1));
    assertThat(summary.gaps().of()).isEqualTo("GPU 0");
    assertThat(summary.gaps().nanos()).isEqualTo(60);
    assertThat(summary.gaps().spanNanos()).isEqualTo(705);
    assertThat(summary.gaps().longest())
        .containsExactly(
            new Gap(100, 50, "Memcpy Host-to-Device", "void scan<int>(int)"),
            new Gap(690, 10, "void scan<int>(int)", "Memcpy Device-to-Host"));
  }

  @Test
  void of_rangesAlone_gapsAreBetweenKithsOwn() {
    var command = new Activity.Range(0, 1_000, 12, "kith bench", "command", Map.of());
    var summary =
        ProfileSummary.of(Profiles.of(command, range("Search", 10, 20), range("Search", 50, 60)));
    assertThat(summary.kernelShare()).isNull();
    assertThat(summary.longest()).containsExactly(new Named("Search", "range", 2, 20, 10));
    assertThat(summary.gaps().of()).isEqualTo("Kith's ranges");
    assertThat(summary.gaps().longest()).containsExactly(new Gap(20, 30, "Search", "Search"));
  }

  @Test
  void of_searchesTimedByEvents_sumsWhatTheyTook() {
    var summary =
        ProfileSummary.of(
            Profiles.of(
                timed(0, 100, 60, 10), timed(200, 300, 30, 20), range("Index search", 0, 120)));
    assertThat(summary.timedBy()).isEqualTo("events");
    assertThat(summary.kernels()).isEqualTo(new Work(2, 90, 0));
    assertThat(summary.copies()).isEqualTo(new Work(2, 30, 0));
    assertThat(summary.kernelShare()).isEqualTo(90.0 / 120);
    assertThat(summary.gaps().of()).isEqualTo("Kith's ranges");
  }

  private static Activity.Range timed(long start, long end, long kernels, long copies) {
    return new Activity.Range(
        start, end, 12, "GPU search", "kith", Map.of("kernelNanos", kernels, "copyNanos", copies));
  }

  @Test
  void of_nothing_isAllZero() {
    var summary = ProfileSummary.of(Profiles.of());
    assertThat(summary.timedBy()).isNull();
    assertThat(summary.kernels()).isEqualTo(new Work(0, 0, 0));
    assertThat(summary.kernelShare()).isNull();
    assertThat(summary.longest()).isEmpty();
    assertThat(summary.gaps().count()).isZero();
  }

  /** Compares with a slow twin: a bit for each nanosecond in which something ran. */
  @RepeatedTest(50)
  void of_anyKernels_gapsAreTheNanosecondsWithoutOne(SplittableRandom random) {
    var kernels = new ArrayList<Activity>();
    var busy = new BitSet();
    for (int i = random.nextInt(1, 30); i > 0; i--) {
      int start = random.nextInt(1, 500);
      int end = start + random.nextInt(1, 30);
      kernels.add(kernel("k", start, end, random.nextInt(3)));
      busy.set(start, end);
    }
    var gaps = ProfileSummary.of(Profiles.of(kernels.toArray(Activity[]::new))).gaps();
    int span = busy.length() - busy.nextSetBit(0);
    assertThat(gaps.spanNanos()).isEqualTo(span);
    assertThat(gaps.nanos()).isEqualTo(span - busy.cardinality());
    int count = 0;
    for (int at = busy.nextSetBit(0); (at = busy.nextClearBit(at)) < busy.length(); ) {
      count++;
      at = busy.nextSetBit(at);
    }
    assertThat(gaps.count()).isEqualTo(count);
  }
}
