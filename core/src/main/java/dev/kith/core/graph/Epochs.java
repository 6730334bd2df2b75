package dev.kith.core.graph;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Tells when nothing that was unlinked can be read any more, without a lock for readers: a reader
 * notes the epoch in which it begins, and what was retired in an epoch is free once every reader at
 * work began in a later one (Fraser: Practical lock-freedom, 2004, section 5.2.3). Safe for many
 * threads, of which each has its {@link Member} while it reads.
 */
final class Epochs {
  private static final long IDLE = Long.MAX_VALUE;

  /** Nanoseconds between two looks at members that are waited for. */
  private static final long PAUSE = 20_000;

  private final AtomicLong now = new AtomicLong(1);
  private final List<Member> members = new CopyOnWriteArrayList<>();

  /** A reader, of one thread at a time. */
  final class Member {
    private final AtomicLong began = new AtomicLong(IDLE);

    private Member() {}

    /** Begins to read: nothing that is retired from now on is free before {@link #exit}. */
    void enter() {
      // Asks again: an epoch that ended before it was noted would hold nothing back.
      for (long epoch = -1; epoch != now.get(); ) {
        epoch = now.get();
        began.set(epoch);
      }
    }

    /** Ends reading. */
    void exit() {
      began.setRelease(IDLE);
    }
  }

  /** Adds a reader, which is remembered for ever: readers are to be pooled. */
  Member join() {
    var member = new Member();
    members.add(member);
    return member;
  }

  /** Ends the epoch in which something was unlinked, and returns it. */
  long retire() {
    return now.getAndIncrement();
  }

  /** Whether nothing that was retired in {@code epoch} can be read any more. */
  boolean free(long epoch) {
    for (var member : members) {
      if (member.began.get() <= epoch) {
        return false;
      }
    }
    return true;
  }

  /** Waits until {@code epoch} is {@linkplain #free free}; the caller must not be a reader. */
  void await(long epoch) {
    while (!free(epoch)) {
      LockSupport.parkNanos(PAUSE);
    }
  }
}
