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

/** Vectors in files, or synthetic ones, and how many neighbours; shared by bench and the lab. */
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

  /** Rows of known hardness, with as many clusters for every command that makes some. */
  static ClusteredVectors clustered(int dim, long seed) {
    return new ClusteredVectors(dim, Math.min(dim, 32), 256, 0.5, seed);
  }

  /** Whether something is said of files. */
  boolean files() {
    return data != null || queryFile != null;
  }

  /** Whether something is said of synthetic vectors. */
  boolean synthetic() {
    return gives("--n") || gives("--dim");
  }

  /** Whether nothing is missing of what is said. */
  boolean whole() {
    return (data != null) == (queryFile != null) && gives("--n") == gives("--dim");
  }

  /** Also with a number that is none, such as 0: that is wrong, not left out. */
  private boolean gives(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** Says no to what no command takes. */
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

  /** Those of the file, or synthetic ones; closing is the caller's. */
  VectorSource rows() throws IOException {
    return data != null ? UserFiles.vectors(data) : clustered(dim, seed).generate(0, n);
  }

  /** All of the file, or so many synthetic ones; closing is the caller's. */
  VectorSource queries(long count) throws IOException {
    return queryFile != null
        ? UserFiles.vectors(queryFile)
        : clustered(dim, seed).generate(n, count);
  }

  /** Throws unless those queries can be asked of those rows. */
  static void requireFit(VectorSource rows, VectorSource queries) {
    if (queries.dimension() != rows.dimension()) {
      throw new IllegalArgumentException(
          "queries must have the dimension of the data: queries=%d (%s), data=%d (%s)"
              .formatted(queries.dimension(), queries.name(), rows.dimension(), rows.name()));
    }
  }
}
