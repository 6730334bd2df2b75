package dev.kith.nativekernels;

import dev.kith.core.backend.CpuBackend;
import dev.kith.core.kernel.Kernels;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Backend of C kernels for codes, and of Java's best for float32 rows, which are as fast. {@code
 * -Dkith.native=off} switches it off, {@code -Dkith.native=avx2} and the like choose an instruction
 * set other than the fastest.
 */
public final class NativeBackend extends CpuBackend {
  private static final System.Logger LOG = System.getLogger(NativeBackend.class.getName());
  private static final String PROPERTY = "kith.native";

  /**
   * Kernels to use, or the reason why there are none.
   *
   * @param kernels the chosen ones
   * @param reason description of what was chosen, or of what is missing
   */
  record Choice(@Nullable NativeKernels kernels, String reason) {
    static Choice of(@Nullable String wanted) {
      if ("off".equals(wanted)) {
        return new Choice(null, "switched off by -D%s=off".formatted(PROPERTY));
      }
      List<NativeKernels> all;
      try {
        all = NativeLibrary.load();
      } catch (NativeLibrary.MissingException e) {
        return new Choice(null, e.reason());
      }
      return among(all, wanted);
    }

    /** Chooses among all that the machine can run, the fastest first. */
    static Choice among(List<NativeKernels> all, @Nullable String wanted) {
      for (var kernels : all) {
        if (kernels.name().equalsIgnoreCase(wanted)
            || (wanted == null && kernels.tileQueries() > 1)) {
          return new Choice(
              kernels,
              "C kernels %s for shadows; float32 rows by %s"
                  .formatted(
                      kernels.name(),
                      Kernels.hasSimd()
                          ? Kernels.inJava().rows().name()
                          : "plain Java: start java with --add-modules " + Kernels.VECTOR_MODULE));
        }
      }
      String names = all.stream().map(NativeKernels::name).collect(Collectors.joining(", "));
      return new Choice(
          null,
          wanted == null
              ? "the C kernels for this processor (%s) are no faster than Java's".formatted(names)
              : "-D%s=%s names no kernels of this machine; known are off, %s"
                  .formatted(PROPERTY, wanted, names));
    }
  }

  /** Holder of the kernels, loaded once, on the first probe. */
  private static final class Loaded {
    static final Choice CHOICE = Choice.of(System.getProperty(PROPERTY));

    static {
      if (CHOICE.kernels() != null && !Kernels.hasSimd()) {
        LOG.log(
            Level.WARNING,
            "backend native scans float32 rows in plain Java, because the module {0} is not"
                + " loaded; start java with --add-modules {0}",
            Kernels.VECTOR_MODULE);
      }
    }
  }

  private final @Nullable NativeKernels forced;

  /** Creates the service; it uses the fastest kernels that this machine can run. */
  public NativeBackend() {
    this(null);
  }

  /** Creates a backend with given kernels. For tests. */
  NativeBackend(@Nullable NativeKernels forced) {
    this.forced = forced;
  }

  @Override
  public String name() {
    return "native";
  }

  @Override
  public int priority() {
    return 200;
  }

  @Override
  public Probe probe() {
    return new Probe(Loaded.CHOICE.kernels() != null, Loaded.CHOICE.reason());
  }

  @Override
  protected Kernels kernels() {
    var chosen = forced == null ? Loaded.CHOICE.kernels() : forced;
    if (chosen == null) {
      throw new IllegalStateException("the probe said no: " + Loaded.CHOICE.reason());
    }
    return new Kernels(Kernels.inJava().rows(), chosen, chosen, chosen, chosen, chosen);
  }
}
