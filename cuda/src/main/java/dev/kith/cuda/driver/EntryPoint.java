package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.IntFunction;

/**
 * An entry point of the driver, a subclass for each shape of parameters; the names of the shapes
 * spell them: {@code L} 64 bits (pointers, handles, sizes), {@code I} 32, {@code B} 8. All return a
 * {@code CUresult}. The method handle of a shape is a constant and takes the function's address, so
 * a call costs no more than a call through a pointer in C, and several drivers can be loaded (tests
 * do). None is a critical call: a launch into a full queue blocks, and the garbage collector must
 * not wait for it.
 */
abstract sealed class EntryPoint {
  private final String name;
  final MemorySegment address;
  private final IntFunction<CudaException> failure;

  private EntryPoint(Found found) {
    this.name = found.name();
    this.address = found.address();
    this.failure = found.failure();
  }

  /**
   * A function that the driver has.
   *
   * @param failure makes the exception of a result that is not 0
   */
  record Found(String name, MemorySegment address, IntFunction<CudaException> failure) {}

  @SuppressWarnings("restricted")
  private static MethodHandle shape(MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /** The one place where results are checked. */
  final void check(int result) {
    if (result != Result.SUCCESS) {
      throw failure.apply(result);
    }
  }

  final IllegalStateException broken(Throwable e) {
    return new IllegalStateException("%s cannot be called: %s".formatted(name, e), e);
  }

  static final class I extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_INT);

    I(Found found) {
      super(found);
    }

    int result(int a) {
      try {
        return (int) HANDLE.invokeExact(address, a);
      } catch (Throwable t) {
        throw broken(t);
      }
    }

    void call(int a) {
      check(result(a));
    }
  }

  static final class L extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG);

    L(Found found) {
      super(found);
    }

    /** The bare result, for what answers by it. */
    int result(long a) {
      try {
        return (int) HANDLE.invokeExact(address, a);
      } catch (Throwable t) {
        throw broken(t);
      }
    }

    void call(long a) {
      check(result(a));
    }
  }

  static final class LI extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_INT);

    LI(Found found) {
      super(found);
    }

    void call(long a, int b) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class IL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_INT, JAVA_LONG);

    IL(Found found) {
      super(found);
    }

    int result(int a, long b) {
      try {
        return (int) HANDLE.invokeExact(address, a, b);
      } catch (Throwable t) {
        throw broken(t);
      }
    }
  }

  static final class LL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_LONG);

    LL(Found found) {
      super(found);
    }

    void call(long a, long b) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LII extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_INT, JAVA_INT);

    LII(Found found) {
      super(found);
    }

    void call(long a, int b, int c) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LLI extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_LONG, JAVA_INT);

    LLI(Found found) {
      super(found);
    }

    void call(long a, long b, int c) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LIL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_INT, JAVA_LONG);

    LIL(Found found) {
      super(found);
    }

    void call(long a, int b, long c) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LLL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_LONG, JAVA_LONG);

    LLL(Found found) {
      super(found);
    }

    void call(long a, long b, long c) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LLLL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    LLLL(Found found) {
      super(found);
    }

    void call(long a, long b, long c, long d) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LBLL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG);

    LBLL(Found found) {
      super(found);
    }

    void call(long a, byte b, long c, long d) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LILL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

    LILL(Found found) {
      super(found);
    }

    void call(long a, int b, long c, long d) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LLIL extends EntryPoint {
    private static final MethodHandle HANDLE = shape(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);

    LLIL(Found found) {
      super(found);
    }

    void call(long a, long b, int c, long d) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LLLLILLI extends EntryPoint {
    private static final MethodHandle HANDLE =
        shape(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    LLLLILLI(Found found) {
      super(found);
    }

    void call(long a, long b, long c, long d, int e, long f, long g, int h) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d, e, f, g, h);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LIIIIIIILLL extends EntryPoint {
    private static final MethodHandle HANDLE =
        shape(
            JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_LONG, JAVA_LONG, JAVA_LONG);

    LIIIIIIILLL(Found found) {
      super(found);
    }

    void call(long a, int b, int c, int d, int e, int f, int g, int h, long i, long j, long k) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d, e, f, g, h, i, j, k);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }

  static final class LIILLLLLIIII extends EntryPoint {
    private static final MethodHandle HANDLE =
        shape(
            JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    LIILLLLLIIII(Found found) {
      super(found);
    }

    void call(
        long a, int b, int c, long d, long e, long f, long g, long h, int i, int j, int k, int l) {
      int result;
      try {
        result = (int) HANDLE.invokeExact(address, a, b, c, d, e, f, g, h, i, j, k, l);
      } catch (Throwable t) {
        throw broken(t);
      }
      check(result);
    }
  }
}
