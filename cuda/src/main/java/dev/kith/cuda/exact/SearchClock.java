package dev.kith.cuda.exact;

import dev.kith.cuda.driver.Stream;

/**
 * Told by a search how far the work is that it queues, in this order, for each time that it will
 * wait for the device; it may record events then. For measuring.
 */
public interface SearchClock {
  /** Measures nothing. */
  SearchClock NONE =
      new SearchClock() {
        @Override
        public void begins(Stream stream) {}

        @Override
        public void copied(Stream stream) {}

        @Override
        public void computed(Stream stream) {}

        @Override
        public void ends(Stream stream) {}

        @Override
        public void done() {}
      };

  /** What comes next brings queries to the device. */
  void begins(Stream stream);

  /** Next are kernels. */
  void copied(Stream stream);

  /** Next, results are brought back. */
  void computed(Stream stream);

  /** Nothing comes next. */
  void ends(Stream stream);

  /** The device has done all of that. */
  void done();
}
