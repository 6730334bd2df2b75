package dev.kith.db.store;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.FilterMergePolicy;
import org.apache.lucene.index.MergePolicy;
import org.apache.lucene.index.MergeScheduler;
import org.apache.lucene.index.MergeTrigger;
import org.apache.lucene.index.SegmentCommitInfo;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.FilterIndexOutput;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.jspecify.annotations.Nullable;

/**
 * Merges in the background, as Lucene's tiered policy plans them, whatever the size of what comes
 * out: an exact search over one segment costs less than over two. Counts what running merges write
 * and stops them on demand; a stopped merge leaves the segments as they were.
 */
final class Merges {
  private final Set<MergePolicy.OneMerge> running = ConcurrentHashMap.newKeySet();
  private final AtomicLong bytesWritten = new AtomicLong();
  private final Runnable merged;
  private volatile boolean refused;
  private volatile boolean ended;

  final MergePolicy policy;
  final MergeScheduler scheduler = new Counting();

  /**
   * With tests for segments that a forced merge must write anew, and for those that are written
   * anew in any case once nothing else is to be merged.
   *
   * @param merged told when a merge has ended
   */
  Merges(
      Predicate<SegmentCommitInfo> outdated,
      Predicate<SegmentCommitInfo> lacking,
      Runnable merged) {
    this.merged = merged;
    var tiered = new TieredMergePolicy();
    tiered.setMaxMergedSegmentMB(1 << 30); // no limit but the disk's
    tiered.setNoCFSRatio(0.1);
    policy = new Planning(tiered, outdated, lacking);
  }

  /** Bytes that merges have written so far. */
  long bytesWritten() {
    return bytesWritten.get();
  }

  /** Ends running merges soon and plans no forced ones until {@link #allow}. */
  void stop() {
    refused = true;
    running.forEach(merge -> merge.getMergeProgress().abort());
  }

  /** Ends running merges soon and plans none again. */
  void end() {
    ended = true;
    stop();
  }

  void allow() {
    refused = false;
  }

  /** Plans merges unless they are refused, forced ones of single segments among them. */
  private final class Planning extends FilterMergePolicy {
    private final Predicate<SegmentCommitInfo> outdated;
    private final Predicate<SegmentCommitInfo> lacking;

    Planning(
        MergePolicy in,
        Predicate<SegmentCommitInfo> outdated,
        Predicate<SegmentCommitInfo> lacking) {
      super(in);
      this.outdated = outdated;
      this.lacking = lacking;
    }

    @Override
    public @Nullable MergeSpecification findMerges(
        MergeTrigger trigger, SegmentInfos infos, MergeContext context) throws IOException {
      if (ended) {
        return null;
      }
      var planned = super.findMerges(trigger, infos, context);
      return planned == null ? lacking(infos, context) : planned;
    }

    /** The largest segment that lacks something, unless a segment is merged for that already. */
    private @Nullable MergeSpecification lacking(SegmentInfos infos, MergeContext context) {
      if (!context.getMergingSegments().isEmpty()) {
        return null; // its end asks again
      }
      SegmentCommitInfo largest = null;
      for (var info : infos) {
        if (lacking.test(info) && (largest == null || info.info.maxDoc() > largest.info.maxDoc())) {
          largest = info;
        }
      }
      if (largest == null) {
        return null;
      }
      var single = new MergeSpecification();
      single.add(new OneMerge(List.of(largest)));
      return single;
    }

    @Override
    public @Nullable MergeSpecification findFullFlushMerges(
        MergeTrigger trigger, SegmentInfos infos, MergeContext context) throws IOException {
      return ended ? null : super.findFullFlushMerges(trigger, infos, context);
    }

    @Override
    public @Nullable MergeSpecification findForcedMerges(
        SegmentInfos infos,
        int maxSegments,
        Map<SegmentCommitInfo, Boolean> toMerge,
        MergeContext context)
        throws IOException {
      if (refused || ended) {
        return null;
      }
      var planned = super.findForcedMerges(infos, maxSegments, toMerge, context);
      if (planned != null) {
        return planned;
      }
      var single = new MergeSpecification();
      for (var info : infos) {
        // What a forced merge has written is not written again, or a failing build would never end.
        if (Boolean.TRUE.equals(toMerge.get(info))
            && outdated.test(info)
            && !context.getMergingSegments().contains(info)) {
          single.add(new OneMerge(List.of(info)));
        }
      }
      return single.merges.isEmpty() ? null : single;
    }
  }

  /** Lucene's threads, with an eye on each merge. */
  private final class Counting extends ConcurrentMergeScheduler {
    @Override
    protected void doMerge(MergeSource source, MergePolicy.OneMerge merge) throws IOException {
      var event = new Events.Merge();
      event.begin();
      running.add(merge);
      if (ended) { // it was planned before
        merge.getMergeProgress().abort();
      }
      try {
        super.doMerge(source, merge);
      } finally {
        running.remove(merge);
        merged.run();
        event.rows = merge.segments.stream().mapToLong(info -> info.info.maxDoc()).sum();
        event.segments = merge.segments.size();
        event.stopped = merge.isAborted();
        event.commit();
      }
    }

    @Override
    public Directory wrapForMerge(MergePolicy.OneMerge merge, Directory in) {
      return new FilterDirectory(super.wrapForMerge(merge, in)) {
        @Override
        public IndexOutput createOutput(String name, IOContext context) throws IOException {
          return counted(in.createOutput(name, context));
        }
      };
    }

    private IndexOutput counted(IndexOutput output) {
      return new FilterIndexOutput("counted " + output, output.getName(), output) {
        @Override
        public void writeByte(byte b) throws IOException {
          out.writeByte(b);
          bytesWritten.incrementAndGet();
        }

        @Override
        public void writeBytes(byte[] b, int offset, int length) throws IOException {
          out.writeBytes(b, offset, length);
          bytesWritten.addAndGet(length);
        }
      };
    }
  }
}
