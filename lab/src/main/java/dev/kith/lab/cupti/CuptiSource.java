package dev.kith.lab.cupti;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.kith.lab.cupti.CuptiLibrary.CuptiException;
import dev.kith.lab.profile.ActivitySource;
import dev.kith.lab.profile.ProfileClock;
import dev.kith.lab.profile.Recorder;
import dev.kith.lab.toolkit.ToolkitLibrary.MissingException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Kernels, copies, memsets, and calls of CUDA's driver and runtime, recorded by CUPTI: of the calls
 * {@link WantedCalls}, where libcupti can choose. One profile at a time: CUPTI has one set of
 * buffers a process.
 *
 * <p>CUPTI asks for buffers on threads that are inside CUDA's functions, so those must not be
 * called as critical downcalls: the JVM forbids upcalls from them.
 */
public final class CuptiSource implements ActivitySource {
  private static final String NOTHING = "no GPU activity is recorded: ";

  private static final int[] KINDS = {
    CuptiRecords.DEVICE, CuptiRecords.CONCURRENT_KERNEL, CuptiRecords.MEMCPY, CuptiRecords.MEMSET
  };

  /** Kinds of all calls, for a library that cannot choose. */
  private static final int[] CALLS = {CuptiRecords.DRIVER, CuptiRecords.RUNTIME};

  /** Size of a buffer, which holds some twenty thousand kernels. */
  private static final long BUFFER_BYTES = 4 << 20;

  /** Session of the one library of this process, once it was found. */
  private static @Nullable Session shared;

  private final @Nullable CuptiLibrary given;
  private volatile boolean recording;

  /** Creates a source that looks for libcupti when it is asked. */
  public CuptiSource() {
    this.given = null;
  }

  /** Creates a source with a library that is loaded. */
  CuptiSource(CuptiLibrary library) {
    this.given = library;
  }

  @Override
  public Optional<String> unavailable() {
    try {
      session();
      return Optional.empty();
    } catch (MissingException e) {
      return Optional.of(NOTHING + e.getMessage());
    }
  }

  @Override
  public Running start(ProfileClock clock, Recorder.Sink sink) {
    try {
      var session = session();
      session.start(clock, sink);
      recording = true;
      return () -> {
        recording = false;
        session.stop();
      };
    } catch (CuptiException | MissingException e) {
      sink.note(NOTHING + e.getMessage());
      return () -> {};
    }
  }

  /** Whether it was started and records; false also if it could not start. */
  public boolean isRecording() {
    return recording;
  }

  private Session session() throws MissingException {
    if (given != null) {
      return new Session(given);
    }
    synchronized (CuptiSource.class) {
      if (shared == null) {
        shared = new Session(CuptiLibrary.find());
      }
      return shared;
    }
  }

  /** Recording with one library, which may start again and again. */
  private static final class Session implements CuptiLibrary.Buffers, CuptiRecords.Names {
    private final CuptiLibrary library;

    /** Buffers that CUPTI holds, by their addresses; idle ones follow. */
    private final Map<Long, MemorySegment> lent = new ConcurrentHashMap<>();

    private final Deque<MemorySegment> free = new ConcurrentLinkedDeque<>();

    private final Map<Long, String> names = new ConcurrentHashMap<>();
    private final Map<Integer, String> calls = new HashMap<>();
    private @Nullable WantedCalls wanted;
    private boolean registered;
    private volatile @Nullable CuptiRecords records;
    private volatile Recorder.@Nullable Sink sink;

    Session(CuptiLibrary library) {
      this.library = library;
    }

    void start(ProfileClock clock, Recorder.Sink newSink) throws CuptiException {
      long before = clock.now();
      long time = library.timestamp();
      long offset = before + (clock.now() - before) / 2 - time;
      names.clear(); // a module may have gone, and another be where it was
      if (!registered) {
        library.register(this);
        registered = true;
      }
      library.useSystemThreadIds();
      sink = newSink;
      records = new CuptiRecords(cupti -> cupti + offset, this, newSink);
      try {
        enable();
      } catch (CuptiException e) {
        try {
          disable();
        } catch (CuptiException again) {
          e.addSuppressed(again);
        }
        forget();
        throw e;
      }
    }

    private void enable() throws CuptiException {
      for (int kind : KINDS) {
        library.enable(kind);
      }
      if (!library.choosesCalls()) {
        for (int kind : CALLS) {
          library.enable(kind);
        }
        return;
      }
      if (wanted == null) {
        wanted = WantedCalls.of(library);
      }
      wanted.record(library, true);
    }

    private void disable() throws CuptiException {
      for (int kind : KINDS) {
        library.disable(kind);
      }
      if (wanted != null) {
        wanted.record(library, false);
      } else {
        for (int kind : CALLS) {
          library.disable(kind);
        }
      }
    }

    void stop() {
      try {
        library.flush();
        disable();
      } catch (CuptiException e) {
        note("the GPU's activities may lack their end: " + e.getMessage());
      } finally {
        forget();
      }
    }

    /** Forgets the profile: records that arrive from now on belong to none. */
    private void forget() {
      records = null;
      sink = null;
    }

    private void note(String text) {
      var now = sink;
      if (now != null) {
        now.note(text);
      }
    }

    @Override
    @SuppressWarnings("restricted")
    public void request(MemorySegment buffer, MemorySegment size, MemorySegment most) {
      var given = free.poll();
      if (given == null) {
        try {
          given = Arena.ofAuto().allocate(BUFFER_BYTES, JAVA_LONG.byteSize());
        } catch (OutOfMemoryError e) {
          note("no memory for a buffer, activities of the GPU were dropped");
          given = MemorySegment.NULL;
        }
      }
      if (given.address() != 0) {
        lent.put(given.address(), given);
      }
      buffer.reinterpret(ADDRESS.byteSize()).set(ADDRESS, 0, given);
      size.reinterpret(JAVA_LONG.byteSize()).set(JAVA_LONG, 0, given.byteSize());
      most.reinterpret(JAVA_LONG.byteSize()).set(JAVA_LONG, 0, 0);
    }

    @Override
    public void complete(
        MemorySegment context, int stream, MemorySegment buffer, long size, long valid) {
      try {
        read(context, stream, buffer, valid);
      } catch (RuntimeException e) {
        note("activities of the GPU could not be read: " + e);
      } finally {
        var back = lent.remove(buffer.address());
        if (back != null) {
          free.push(back);
        }
      }
    }

    @SuppressWarnings("restricted")
    private void read(MemorySegment context, int stream, MemorySegment buffer, long valid) {
      var reader = records;
      if (reader == null) {
        return; // after the end
      }
      try (var arena = Arena.ofConfined()) {
        var place = arena.allocate(ADDRESS);
        int result;
        while ((result = library.next(buffer, valid, place)) == 0) {
          var record = place.get(ADDRESS, 0);
          long at = record.address() - buffer.address();
          reader.read(record.reinterpret(valid - at));
        }
        if (result != CuptiLibrary.NO_MORE) {
          note("a buffer of the GPU's activities was not read to its end: error " + result);
        }
      }
      long dropped = library.dropped(context, stream);
      if (dropped > 0) {
        note("%d activities of the GPU were dropped by CUPTI".formatted(dropped));
      }
    }

    @Override
    public String at(long address) {
      return names.computeIfAbsent(address, CuptiLibrary::text);
    }

    @Override
    public String demangled(String mangled) {
      return library.demangled(mangled);
    }

    @Override
    public String call(boolean driver, int number) {
      synchronized (calls) {
        return calls.computeIfAbsent(
            driver ? number : -1 - number, _ -> library.callName(driver, number));
      }
    }
  }
}
