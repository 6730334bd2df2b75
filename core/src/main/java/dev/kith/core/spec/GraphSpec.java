package dev.kith.core.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Kinds of indexes that walk through a graph of neighbours. Their answers are approximate unless
 * the exact answer is asked for. One engine serves all kinds; they differ in the parameters of the
 * build.
 */
public sealed interface GraphSpec extends IndexSpec {

  /** The most neighbours of a row. */
  int degree();

  /** What a walk reads of a row. */
  Codes codes();

  /** Value of {@link #dimensions} that leaves them to the build. */
  int AUTO_DIMENSIONS = -1;

  /**
   * Dimensions that rows are projected to before they are coded, 0 for no projection, or {@link
   * #AUTO_DIMENSIONS}: then the build decides whether some rank a sample's nearest rows well
   * enough.
   */
  default int dimensions() {
    return 0;
  }

  /** How the graph is built. */
  Builder builder();

  /** Width of the walks that find a row's candidates, {@code efConstruction} elsewhere. */
  int width();

  /** Factor of squared distances in pruning: the larger, the more directions are kept. */
  double alpha();

  /** Times that every row is inserted. */
  int passes();

  /** Whether walks begin at the top of a hierarchy of levels, instead of from pivots. */
  boolean levels();

  /** Seed of everything that is random; the same gives the same graph on any number of threads. */
  long seed();

  @Override
  default boolean exact() {
    return false;
  }

  @Override
  default void requireFits(int dimension) {
    if (dimensions() > dimension) {
      throw new IllegalArgumentException(
          "dims must be at most the %d elements of a vector: %d; ask for dims=all to code all"
              .formatted(dimension, dimensions()));
    }
  }

  /** What a walk reads of a row. */
  enum Codes {
    /**
     * Four bits an element if they rank a sample's nearest rows well enough, else eight; the build
     * decides.
     */
    AUTO,
    /** Four bits an element, after a random rotation. */
    INT4,
    /** Eight bits an element. */
    INT8,
    /** 16-bit floats. */
    FLOAT16,
    /** The rows themselves. */
    FLOAT32;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How a graph is built. */
  enum Builder {
    /** Row by row, by walks through what is there. */
    INSERT,
    /** From lists of exact neighbours. */
    KNN,
    /** From lists that neighbours of neighbours improve. */
    NNDESCENT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Kith's own choice of parameters. Text form {@code graph}, or with any of {@code
   * graph(r=64,codes=auto,dims=auto,builder=insert,efc=128,alpha=1.1,passes=1,seed=1)}; {@code
   * dims} is a number, {@code all} or {@code auto}.
   */
  record Graph(
      int degree,
      Codes codes,
      int dimensions,
      Builder builder,
      int width,
      double alpha,
      int passes,
      long seed)
      implements GraphSpec {
    /** The parameters of {@code graph}. */
    public static final Graph DEFAULT =
        new Graph(64, Codes.AUTO, AUTO_DIMENSIONS, Builder.INSERT, 128, 1.1, 1, 1);

    /** Text form with every parameter. */
    static final String FORM =
        "graph(r=64,codes=auto|int4|int8|float16|float32,dims=auto|all|N,"
            + "builder=insert|knn|nndescent,efc=128,alpha=1.1,passes=1,seed=1)";

    @Override
    public boolean levels() {
      return false;
    }

    static Graph of(SpecText text) {
      var codes = text.choice("codes", DEFAULT.codes, Codes.values());
      return new Graph(
          GraphSpec.degree(text, "r", DEFAULT.degree),
          codes,
          dimensions(text, codes),
          text.choice("builder", DEFAULT.builder, Builder.values()),
          efc(text, DEFAULT.width),
          GraphSpec.alpha(text, DEFAULT.alpha),
          (int) text.number("passes", DEFAULT.passes, 1, 10),
          text.number("seed", DEFAULT.seed, 1, Long.MAX_VALUE));
    }

    private static int dimensions(SpecText text, Codes codes) {
      Integer found =
          text.value(
              "dims",
              word -> {
                int dimensions =
                    switch (word) {
                      case "auto" -> AUTO_DIMENSIONS;
                      case "all" -> 0;
                      default -> word.matches("[1-9][0-9]{0,4}") ? Integer.parseInt(word) : -2;
                    };
                if (dimensions < AUTO_DIMENSIONS) {
                  throw new IllegalArgumentException(
                      "dims must be auto, all or a whole number from 1 to 99999: " + word);
                }
                if (dimensions > 0 && (codes == Codes.FLOAT16 || codes == Codes.FLOAT32)) {
                  throw new IllegalArgumentException(
                      "dims=%s goes with codes of few bits: codes=%s; ask for int4, int8 or auto"
                          .formatted(word, codes));
                }
                return dimensions;
              });
      return found == null ? DEFAULT.dimensions : found;
    }

    private String dims() {
      return dimensions == AUTO_DIMENSIONS
          ? "auto"
          : dimensions == 0 ? "all" : String.valueOf(dimensions);
    }

    @Override
    public String toString() {
      return new Text("graph")
          .with("r", degree, DEFAULT.degree)
          .with("codes", codes, DEFAULT.codes)
          .with("dims", dims(), "auto")
          .with("builder", builder, DEFAULT.builder)
          .with("efc", width, DEFAULT.width)
          .with("alpha", alpha, DEFAULT.alpha)
          .with("passes", passes, DEFAULT.passes)
          .with("seed", seed, DEFAULT.seed)
          .toString();
    }
  }

  /**
   * The graph of Malkov and Yashunin (2018): {@code m} neighbours chosen at a row's insertion, at
   * most twice as many kept, and levels above. Text form {@code hnsw(m=16,efc=200)}, and with
   * {@code codes} and {@code seed}.
   */
  record Hnsw(int m, Codes codes, int width, long seed) implements GraphSpec {
    /** The parameters of {@code hnsw}. */
    public static final Hnsw DEFAULT = new Hnsw(16, Codes.INT8, 200, 1);

    /** Text form with every parameter. */
    static final String FORM = "hnsw(m=16,efc=200,codes=int8|int4|auto|float16|float32,seed=1)";

    @Override
    public int degree() {
      return 2 * m;
    }

    @Override
    public Builder builder() {
      return Builder.INSERT;
    }

    @Override
    public double alpha() {
      return 1;
    }

    @Override
    public int passes() {
      return 1;
    }

    @Override
    public boolean levels() {
      return true;
    }

    static Hnsw of(SpecText text) {
      return new Hnsw(
          (int) text.number("m", DEFAULT.m, 2, 256),
          text.choice("codes", DEFAULT.codes, Codes.values()),
          efc(text, DEFAULT.width),
          text.number("seed", DEFAULT.seed, 1, Long.MAX_VALUE));
    }

    @Override
    public String toString() {
      return new Text("hnsw")
          .with("m", m, DEFAULT.m)
          .with("efc", width, DEFAULT.width)
          .with("codes", codes, DEFAULT.codes)
          .with("seed", seed, DEFAULT.seed)
          .toString();
    }
  }

  /**
   * The graph of Subramanya and others (DiskANN, 2019): every row is inserted twice, and pruning
   * keeps longer links. Text form {@code vamana(degree=64,alpha=1.2)}, and with {@code efc}, {@code
   * passes}, {@code codes} and {@code seed}.
   */
  record Vamana(int degree, double alpha, int width, int passes, Codes codes, long seed)
      implements GraphSpec {
    /** The parameters of {@code vamana}. */
    public static final Vamana DEFAULT = new Vamana(64, 1.2, 100, 2, Codes.INT8, 1);

    /** Text form with every parameter. */
    static final String FORM =
        "vamana(degree=64,alpha=1.2,efc=100,passes=2,codes=int8|int4|auto|float16|float32,seed=1)";

    @Override
    public Builder builder() {
      return Builder.INSERT;
    }

    @Override
    public boolean levels() {
      return false;
    }

    static Vamana of(SpecText text) {
      return new Vamana(
          GraphSpec.degree(text, "degree", DEFAULT.degree),
          GraphSpec.alpha(text, DEFAULT.alpha),
          efc(text, DEFAULT.width),
          (int) text.number("passes", DEFAULT.passes, 1, 10),
          text.choice("codes", DEFAULT.codes, Codes.values()),
          text.number("seed", DEFAULT.seed, 1, Long.MAX_VALUE));
    }

    @Override
    public String toString() {
      return new Text("vamana")
          .with("degree", degree, DEFAULT.degree)
          .with("alpha", alpha, DEFAULT.alpha)
          .with("efc", width, DEFAULT.width)
          .with("passes", passes, DEFAULT.passes)
          .with("codes", codes, DEFAULT.codes)
          .with("seed", seed, DEFAULT.seed)
          .toString();
    }
  }

  private static int degree(SpecText text, String key, int usual) {
    return (int) text.number(key, usual, 4, 512);
  }

  private static int efc(SpecText text, int usual) {
    return (int) text.number("efc", usual, 4, 10_000);
  }

  private static double alpha(SpecText text, double usual) {
    return text.decimal("alpha", usual, 1, 4);
  }

  /** Text form that is put together: what differs from the default is named. */
  final class Text {
    private final String name;
    private final List<String> pairs = new ArrayList<>();

    private Text(String name) {
      this.name = name;
    }

    private Text with(String key, Object value, Object usual) {
      if (!value.equals(usual)) {
        pairs.add(key + "=" + value);
      }
      return this;
    }

    @Override
    public String toString() {
      return pairs.isEmpty() ? name : name + "(" + String.join(",", pairs) + ")";
    }
  }
}
