package dev.kith.cli.input;

import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Options that name vectors in files, or synthetic ones, and the number of neighbours; shared by
 * bench and the lab.
 */
public final class VectorOptions {
  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(names = "--data", paramLabel = "X.npy", description = "the rows to search")
  @Nullable Path data;

  @Option(names = "--queries", paramLabel = "Q.npy", description = "the queries")
  @Nullable Path queryFile;

  @Option(names = "--n", paramLabel = "N", description = "as many synthetic rows instead")
  long n;

  @Option(names = "--dim", paramLabel = "D", description = "with that many elements")
  int dim;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "S",
      description = "of the synthetic vectors; default: ${DEFAULT-VALUE}")
  long seed;

  @Option(
      names = {"--k", "-k"},
      defaultValue = "10",
      paramLabel = "K",
      description = "neighbours; default: ${DEFAULT-VALUE}")
  int k;

  /** Generator of synthetic rows: the same hardness and number of clusters for every command. */
  public static ClusteredVectors clustered(int dim, long seed) {
    return new ClusteredVectors(dim, Math.min(dim, 32), 256, 0.5, seed);
  }

  /** Returns the file of the rows; null if none was given. */
  public @Nullable Path data() {
    return data;
  }

  /** Returns the file of the queries; null if none was given. */
  public @Nullable Path queries() {
    return queryFile;
  }

  /** Name of where the rows come from, for the reader: the end of a path, or a seed. */
  public String name() {
    if (data == null) {
      return "synthetic, seed " + seed;
    }
    int names = data.getNameCount();
    return data.subpath(Math.max(0, names - 2), names).toString();
  }

  /** Returns the number of synthetic rows; 0 if it was not given. */
  public long n() {
    return n;
  }

  /** Returns the dimension of synthetic vectors; 0 if it was not given. */
  public int dim() {
    return dim;
  }

  /** Returns the seed of synthetic vectors. */
  public long seed() {
    return seed;
  }

  /** Returns the number of neighbours. */
  public int k() {
    return k;
  }

  /** Whether an option about files was given. */
  public boolean files() {
    return data != null || queryFile != null;
  }

  /** Whether an option about synthetic vectors was given. */
  public boolean synthetic() {
    return gives("--n") || gives("--dim");
  }

  /** Whether the given options are complete. */
  public boolean whole() {
    return (data != null) == (queryFile != null) && gives("--n") == gives("--dim");
  }

  /** Whether the user gave an option, even with a wrong value such as 0. */
  private boolean gives(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** Takes some synthetic vectors if the command line names none; returns whether it does. */
  public boolean useDefaults() {
    if (files() || synthetic()) {
      return false;
    }
    n = Defaults.ROWS;
    dim = Integer.parseInt(Defaults.DIMENSION);
    return true;
  }

  /** Refuses values that no command takes. */
  public void requireUsable(long queryCount) {
    require(n >= 1 || !gives("--n"), "--n must be at least 1: ", n);
    require(
        (dim >= 1 || !gives("--dim")) && dim <= VectorSource.MAX_DIMENSION,
        "--dim must be 1 to %d: ".formatted(VectorSource.MAX_DIMENSION),
        dim);
    require(queryCount >= 1, "--query-count must be at least 1: ", queryCount);
    require(k >= 1, "--k must be at least 1: ", k);
  }

  /** Refuses the command line, by the rule and what was found, unless the condition holds. */
  public void require(boolean condition, String rule, Object found) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), rule + found);
    }
  }

  /** Opens the rows of the file, or generates synthetic ones; closing is the caller's. */
  public VectorSource rows() throws IOException {
    return data != null ? UserFiles.vectors(data) : clustered(dim, seed).generate(0, n);
  }

  /**
   * Opens all queries of the file, or generates {@code count} synthetic ones; closing is the
   * caller's.
   */
  public VectorSource queries(long count) throws IOException {
    return queryFile != null
        ? UserFiles.vectors(queryFile)
        : clustered(dim, seed).generate(n, count);
  }

  /** Checks that rows and queries fit each other. */
  public static void requireFit(VectorSource rows, VectorSource queries) {
    if (queries.dimension() != rows.dimension()) {
      throw new IllegalArgumentException(
          "queries must have the dimension of the data: queries=%d (%s), data=%d (%s)"
              .formatted(queries.dimension(), queries.name(), rows.dimension(), rows.name()));
    }
  }
}
