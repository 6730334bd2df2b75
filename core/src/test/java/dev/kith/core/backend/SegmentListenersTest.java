package dev.kith.core.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentListenersTest {

  /** Listener that notes what it is told. */
  static final class Noting implements SegmentListener {
    final List<Object> heard = new ArrayList<>();

    @Override
    public void appeared(Object key, String name, VectorSource rows, Metric metric) {
      heard.addAll(List.of(key, name, rows, metric));
    }

    @Override
    public void gone(Object key) {
      heard.add(key);
    }
  }

  private record Failing(Throwable failure) implements SegmentListener {
    @Override
    public void appeared(Object key, String name, VectorSource rows, Metric metric) {
      fail();
    }

    @Override
    public void gone(Object key) {
      fail();
    }

    private void fail() {
      switch (failure) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(failure);
      }
    }
  }

  private static List<LogRecord> logged(Runnable action) {
    var records = new ArrayList<LogRecord>();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord message) {
            records.add(message);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    var logger = Logger.getLogger(SegmentListeners.class.getName());
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
    try {
      action.run();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
    return records;
  }

  @Test
  void tell_oneListenerFails_theOthersHearAndItIsLogged() {
    var key = new Object();
    for (var failure :
        List.of(
            new IllegalStateException("no device"),
            new NoClassDefFoundError("driver"),
            new OutOfMemoryError("device"))) {
      var first = new Noting();
      var last = new Noting();
      var listeners = new SegmentListeners(List.of(first, new Failing(failure), last));
      try (var rows = VectorSource.of(new float[] {1, 2})) {
        var records =
            logged(
                () -> {
                  listeners.appeared(key, "_0/vector", rows, Metric.DOT);
                  listeners.gone(key);
                });
        assertThat(first.heard).containsExactly(key, "_0/vector", rows, Metric.DOT, key);
        assertThat(last.heard).isEqualTo(first.heard);
        assertThat(records)
            .extracting(LogRecord::getMessage)
            .containsExactly(
                "segment listener %s failed when a segment appeared; storage goes on without it"
                    .formatted(Failing.class.getName()),
                "segment listener %s failed when a segment was gone; storage goes on without it"
                    .formatted(Failing.class.getName()));
        assertThat(records).extracting(LogRecord::getThrown).containsOnly(failure);
      }
    }
  }

  /** A driver that is missing must not keep a database from opening. */
  @Test
  void load_oneCannotBeLoaded_theOthersAreAndItIsLogged(@TempDir Path folder) throws IOException {
    var services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.write(
        services.resolve(SegmentListener.class.getName()),
        List.of("no.such.Listener", Static.class.getName()));
    Static.HEARD.clear();
    try (var loader =
        new URLClassLoader(
            new URL[] {folder.toUri().toURL()}, SegmentListenersTest.class.getClassLoader())) {
      var records = logged(() -> SegmentListeners.load(loader).gone("key"));
      assertThat(Static.HEARD).containsExactly("key");
      assertThat(records)
          .extracting(LogRecord::getMessage)
          .containsExactly("a segment listener could not be loaded and is left out");
      assertThat(records.getFirst().getThrown()).hasMessageContaining("no.such.Listener");
    }
  }

  /** Listener that a service loader can create. */
  public static final class Static implements SegmentListener {
    private static final List<Object> HEARD = new ArrayList<>();

    @Override
    public void appeared(Object key, String name, VectorSource rows, Metric metric) {}

    @Override
    public void gone(Object key) {
      HEARD.add(key);
    }
  }

  @Test
  void installed_noneThere_tellsNobody() {
    assertThat(SegmentListeners.installed()).isSameAs(SegmentListeners.installed());
    assertThatCode(() -> SegmentListeners.installed().gone("key")).doesNotThrowAnyException();
  }
}
