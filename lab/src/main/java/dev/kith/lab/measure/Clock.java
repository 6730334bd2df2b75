package dev.kith.lab.measure;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Time that passes and time that processors work. Tests bring their own. */
public interface Clock {
  /** This machine's. */
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

  /** On the wall, since some moment. */
  long wallNanos();

  /** Work of the calling thread. */
  long threadNanos();

  /** Work of all threads of this process, which some systems count in steps of 10 ms. */
  long processNanos();
}
