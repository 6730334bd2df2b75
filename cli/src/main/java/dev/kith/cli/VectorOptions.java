package dev.kith.cli;

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
final class VectorOptions {
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
  static ClusteredVectors clustered(int dim, long seed) {
    return new ClusteredVectors(dim, Math.min(dim, 32), 256, 0.5, seed);
  }

  /** Whether an option about files was given. */
  boolean files() {
    return data != null || queryFile != null;
  }

  /** Whether an option about synthetic vectors was given. */
  boolean synthetic() {
    return gives("--n") || gives("--dim");
  }

  /** Whether the given options are complete. */
  boolean whole() {
    return (data != null) == (queryFile != null) && gives("--n") == gives("--dim");
  }

  /** Whether the user gave an option, even with a wrong value such as 0. */
  private boolean gives(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** Refuses values that no command takes. */
  void requireUsable(long queryCount) {
    require(n >= 1 || !gives("--n"), "--n must be at least 1: ", n);
    require(
        (dim >= 1 || !gives("--dim")) && dim <= VectorSource.MAX_DIMENSION,
        "--dim must be 1 to %d: ".formatted(VectorSource.MAX_DIMENSION),
        dim);
    require(queryCount >= 1, "--query-count must be at least 1: ", queryCount);
    require(k >= 1, "--k must be at least 1: ", k);
  }

  void require(boolean condition, String rule, Object found) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), rule + found);
    }
  }

  /** Opens the rows of the file, or generates synthetic ones; closing is the caller's. */
  VectorSource rows() throws IOException {
    return data != null ? UserFiles.vectors(data) : clustered(dim, seed).generate(0, n);
  }

  /**
   * Opens all queries of the file, or generates {@code count} synthetic ones; closing is the
   * caller's.
   */
  VectorSource queries(long count) throws IOException {
    return queryFile != null
        ? UserFiles.vectors(queryFile)
        : clustered(dim, seed).generate(n, count);
  }

  /** Checks that rows and queries fit each other. */
  static void requireFit(VectorSource rows, VectorSource queries) {
    if (queries.dimension() != rows.dimension()) {
      throw new IllegalArgumentException(
          "queries must have the dimension of the data: queries=%d (%s), data=%d (%s)"
              .formatted(queries.dimension(), queries.name(), rows.dimension(), rows.name()));
    }
  }
}
