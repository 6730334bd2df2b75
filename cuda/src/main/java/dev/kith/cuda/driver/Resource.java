package dev.kith.cuda.driver;

import java.util.concurrent.atomic.AtomicLong;

/** What the driver made in a context and frees again. */
abstract class Resource implements AutoCloseable {
  final Context context;
  private final String what;
  private final AtomicLong handle;

  /**
   * Joins the context, which closes it if nobody else does.
   *
   * @param what it is, for messages
   * @param handle the driver's, not 0
   */
  Resource(Context context, String what, long handle) {
    this.context = context;
    this.what = what;
    this.handle = new AtomicLong(handle);
    context.adopt(this);
  }

  /** The driver's handle; throws once closed. */
  final long handle() {
    long live = handle.get();
    if (live == 0) {
      throw new IllegalStateException("%s on %s is closed".formatted(what, context.device()));
    }
    return live;
  }

  /** Frees it; the context is current. */
  abstract void free(long live);

  /**
   * Frees it, once; later calls do nothing. If the context is lost, it went with it, and nothing is
   * thrown: what lost the context was.
   *
   * @throws CudaException if the driver cannot free it
   */
  @Override
  public final void close() {
    long live = handle.getAndSet(0);
    if (live == 0) {
      return;
    }
    context.disown(this);
    unlessLost(context::enter);
    unlessLost(() -> free(live));
  }

  private static void unlessLost(Runnable call) {
    try {
      call.run();
    } catch (CudaException e) {
      if (!e.isContextLost()) {
        throw e;
      }
    }
  }
}
