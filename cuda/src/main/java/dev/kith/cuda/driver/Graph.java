package dev.kith.cuda.driver;

/** Captured work that is launched as a whole; made by {@link Stream#endCapture}. */
public final class Graph extends Resource {
  Graph(Context context, long handle) {
    super(context, "a graph", handle);
  }

  /** {@code cuGraphExecDestroy}. */
  @Override
  void free(long live) {
    context.calls().graphExecDestroy.call(live);
  }
}
