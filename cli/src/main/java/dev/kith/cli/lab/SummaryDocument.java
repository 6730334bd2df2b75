package dev.kith.cli.lab;

import dev.kith.lab.profile.ProfileSummary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a profile in the document of {@code kith lab profile --json}; its fields mean what
 * those of {@link ProfileSummary} do.
 */
record SummaryDocument(
    long nanos,
    @Nullable String timedBy,
    Totals kernels,
    Totals copies,
    Totals memsets,
    @Nullable Double kernelShare,
    List<Named> longest,
    Gaps gaps,
    List<String> notes) {

  /** Totals of the activities of one kind. */
  record Totals(long count, long nanos, long bytes) {}

  /** Totals of the activities of one name. */
  record Named(String name, String kind, long count, long nanos, long longestNanos) {}

  /** Times when nothing ran. */
  record Gaps(String of, long count, long nanos, long spanNanos, List<Gap> longest) {}

  /** Time when nothing ran. */
  record Gap(long start, long nanos, String after, String before) {}

  static SummaryDocument of(ProfileSummary summary) {
    return new SummaryDocument(
        summary.nanos(),
        summary.timedBy(),
        totals(summary.kernels()),
        totals(summary.copies()),
        totals(summary.memsets()),
        summary.kernelShare(),
        summary.longest().stream().map(SummaryDocument::named).toList(),
        gaps(summary.gaps()),
        summary.notes());
  }

  private static Totals totals(ProfileSummary.Work work) {
    return new Totals(work.count(), work.nanos(), work.bytes());
  }

  private static Named named(ProfileSummary.Named named) {
    return new Named(
        named.name(), named.kind(), named.count(), named.nanos(), named.longestNanos());
  }

  private static Gaps gaps(ProfileSummary.Gaps gaps) {
    return new Gaps(
        gaps.of(),
        gaps.count(),
        gaps.nanos(),
        gaps.spanNanos(),
        gaps.longest().stream()
            .map(gap -> new Gap(gap.start(), gap.nanos(), gap.after(), gap.before()))
            .toList());
  }
}
