package dev.kith.db.format;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * What segments get beside their rows, in the order in which it is built: later parts may be made
 * of earlier ones.
 *
 * @param all that there are
 * @param closing says true once nobody wants to wait for long builds
 */
public record PartBuilders(List<PartBuilder> all, BooleanSupplier closing) {
  /** Those of every collection, built whatever happens. */
  public static final PartBuilders STANDARD =
      new PartBuilders(List.of(new ShadowBuilder(), new IndexPartBuilder()), () -> false);

  /** Requires that names and extensions can be written, and that each is one builder's. */
  public PartBuilders {
    all = List.copyOf(all);
    var taken = new HashSet<>(Set.of(Part.ROWS, Part.DOCUMENTS));
    var extensions =
        new HashSet<>(Set.of(Kith2Metadata.META.extension(), Kith2Metadata.DATA.extension()));
    for (var builder : all) {
      Kith2Metadata.requireWritable(builder.name(), builder.extension());
      if (!taken.add(builder.name()) || !extensions.add(builder.extension())) {
        throw new IllegalArgumentException(
            "a part's name and its file's extension must be one builder's: name=%s, extension=%s"
                .formatted(builder.name(), builder.extension()));
      }
    }
  }

  /** The same and one more, built last. */
  public PartBuilders with(PartBuilder builder) {
    var more = new ArrayList<>(all);
    more.add(builder);
    return new PartBuilders(more, closing);
  }

  /** The same, told otherwise when to end long builds. */
  public PartBuilders withClosing(BooleanSupplier newClosing) {
    return new PartBuilders(all, newClosing);
  }
}
