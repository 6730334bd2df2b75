package dev.kith.core.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a {@link SplittableRandom} with a new seed each run and prints the seed of a test
 * that fails; {@code -Dkith.seed=N} repeats it. A parameter that is {@link Fixed} gets one seed for
 * all runs but a campaign's.
 */
public final class Seeded implements ParameterResolver, AfterTestExecutionCallback {
  private static final ExtensionContext.Namespace SPACE =
      ExtensionContext.Namespace.create(Seeded.class);

  private static final long FIXED = 20;

  /** How many rounds a random test should make: 1, more in a campaign. */
  public static int effort() {
    return Integer.getInteger("kith.effort", 1);
  }

  /**
   * Some of the variants of a test, drawn anew each run so that runs together see all; all of them
   * in a campaign.
   *
   * @param count variants to draw
   */
  public static <T> List<T> some(SplittableRandom random, int count, List<T> variants) {
    if (effort() > 1 || count >= variants.size()) {
      return variants;
    }
    var left = new ArrayList<>(variants);
    var drawn = new ArrayList<T>();
    while (drawn.size() < count) {
      drawn.add(left.remove(random.nextInt(left.size())));
    }
    return List.copyOf(drawn);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == SplittableRandom.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    boolean fixed = parameter.isAnnotated(Fixed.class) && effort() == 1;
    long seed = Long.getLong("kith.seed", fixed ? FIXED : System.nanoTime());
    test.getStore(SPACE).put("seed", seed);
    return new SplittableRandom(seed);
  }

  @Override
  public void afterTestExecution(ExtensionContext test) {
    var seed = test.getStore(SPACE).get("seed");
    if (seed != null && test.getExecutionException().isPresent()) {
      System.err.printf("%s failed; repeat it with -Dkith.seed=%s%n", test.getUniqueId(), seed);
    }
  }
}
