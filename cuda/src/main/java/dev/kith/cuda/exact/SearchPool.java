package dev.kith.cuda.exact;

import dev.kith.core.search.SearchStoppedException;
import dev.kith.cuda.device.Gpu;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/** The searches of a device that run side by side, each with memory of its own; others wait. */
final class SearchPool {
  /** Most device bytes that are left to searches where a source is weighed against the budget. */
  private static final long RESERVED = 1L << 30;

  /** Single queries side by side; more would not be served sooner. */
  private static final int FEW = 4;

  /** Batches side by side: each fills the device. */
  private static final int MANY = 1;

  private final Lane few;
  private final Lane many;

  private SearchPool(Gpu gpu) {
    few = new Lane(gpu, FEW);
    many = new Lane(gpu, MANY);
  }

  static SearchPool of(Gpu gpu) {
    return gpu.own(SearchPool.class, SearchPool::new);
  }

  /** Runs with a search that is free, waiting for one if need be. */
  void with(boolean isFew, Consumer<DeviceSearch> work) {
    (isFew ? few : many).with(work);
  }

  /** Device bytes that sources leave to searches. */
  static long reserved(Gpu gpu) {
    return Math.min(RESERVED, gpu.ledger().budget() / 4);
  }

  /** Bytes of {@link #reserved} that lists of a group of queries may take. */
  static long listBytes(Gpu gpu) {
    return reserved(gpu) / 2;
  }

  private static final class Lane {
    private final Gpu gpu;
    private final Semaphore room;
    private final List<DeviceSearch> idle = new ArrayList<>();

    Lane(Gpu gpu, int most) {
      this.gpu = gpu;
      this.room = new Semaphore(most, true);
    }

    void with(Consumer<DeviceSearch> work) {
      room.acquireUninterruptibly();
      try {
        DeviceSearch search;
        synchronized (idle) {
          search = idle.isEmpty() ? new DeviceSearch(gpu) : idle.removeLast();
        }
        try {
          work.accept(search);
        } catch (SearchStoppedException e) {
          keep(search); // it stops where nothing is under way
          throw e;
        } catch (RuntimeException | Error e) {
          search.close(); // what a failure left in its memory is unknown
          throw e;
        }
        keep(search);
      } finally {
        room.release();
      }
    }

    private void keep(DeviceSearch search) {
      synchronized (idle) {
        idle.add(search);
      }
    }
  }
}
