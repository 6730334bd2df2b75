package dev.kith.lab.measure;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Clock of the time that passes and of the time that processors work. Tests bring their own. */
public interface Clock {
  /** Clock of this machine. */
  Clock SYSTEM =
      new Clock() {
        private final OperatingSystemMXBean system =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

        @Override
        public long wallNanos() {
          return System.nanoTime();
        }

        @Override
        public long threadNanos() {
          return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }

        @Override
        public long processNanos() {
          return system.getProcessCpuTime();
        }
      };

  /** Nanoseconds of wall-clock time since some moment. */
  long wallNanos();

  /** Nanoseconds that the calling thread has worked. */
  long threadNanos();

  /**
   * Nanoseconds that all threads of this process have worked, which some systems count in steps of
   * 10 ms.
   */
  long processNanos();
}
