package dev.kith.cli.input;

import dev.kith.core.text.TextEmbedding;
import dev.kith.embed.ModelCatalog;
import dev.kith.embed.ModelFetcher;
import dev.kith.embed.ModelProvider;
import dev.kith.embed.Pooling;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirText;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of the model that embeds texts; shared by all commands that embed. */
public final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "M",
      defaultValue = ModelCatalog.DEFAULT,
      description =
          "a model's name (see kith doctor), or a folder with model.onnx and tokenizer.json or"
              + " vocab.txt; default: ${DEFAULT-VALUE}")
  String model = ModelCatalog.DEFAULT;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "512",
      description = "the most tokens of a text that are looked at; default: ${DEFAULT-VALUE}")
  int maxLength;

  @Option(
      names = "--pooling",
      paramLabel = "cls|mean",
      description = "how token vectors become one; needed for a folder, known for a name")
  @Nullable Pooling pooling;

  @Option(
      names = "--no-normalize",
      description = "keep the vectors' lengths instead of scaling them to 1")
  boolean keepLength;

  @Option(
      names = "--titles",
      description = "put a text's title, where it has one, and a space before it, as BEIR does")
  boolean titles;

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  private String queryPrefix = "";
  private String passagePrefix = "";

  /** Returns the model's name, or its folder. */
  public String model() {
    return model;
  }

  /** Returns whether a text's title is embedded with it. */
  public boolean titles() {
    return titles;
  }

  /** Returns a line of all that the vectors of {@link #contents given contents} depend on. */
  public String identity() {
    return "%s %s %s %s".formatted(model, maxLength, pooling, keepLength);
  }

  /** Part of a text that is embedded. */
  public String content(BeirText text) {
    return titles ? text.content() : text.text();
  }

  /** Parts of texts that are embedded, in their order. */
  public List<String> contents(List<BeirText> texts) {
    return texts.stream().map(this::content).toList();
  }

  /**
   * Loads the model that a collection remembers, with the settings that it remembers, but for those
   * that options name.
   *
   * @param known how the collection's vectors are embedded, or null if it does not say
   * @param place whose vectors they are, for messages
   * @throws IllegalArgumentException if what the options name is another embedding
   */
  public TextModel loadAs(
      @Nullable TextEmbedding known, String place, PrintWriter err, boolean silent) {
    if (known == null) {
      return load(err, silent);
    }
    take(known);
    var loaded = load(err, silent);
    try {
      known.requireSame(loaded.embedding(), place);
      return loaded;
    } catch (RuntimeException e) {
      loaded.close();
      throw e;
    }
  }

  private void take(TextEmbedding known) {
    var given = spec.commandLine().getParseResult();
    if (!given.hasMatchedOption("--model")) {
      model = known.model();
    }
    var remembered = ModelProvider.options(known);
    if (!given.hasMatchedOption("--pooling")) {
      pooling = remembered.pooling();
    }
    if (!given.hasMatchedOption("--max-length")) {
      maxLength = remembered.maxLength();
    }
    if (!given.hasMatchedOption("--no-normalize")) {
      keepLength = !known.normalized();
    }
    queryPrefix = known.queryPrefix();
    passagePrefix = known.passagePrefix();
  }

  /** Loads the model, fetching it first if it is known but not here. */
  public TextModel load(PrintWriter err, boolean silent) {
    return load(err, silent, TextModel.Device.CPU);
  }

  /** Loads the model to run on {@code device}, fetching it first if it is known but not here. */
  public TextModel load(PrintWriter err, boolean silent, TextModel.Device device) {
    var options =
        TextModel.Options.DEFAULT
            .withDevice(device)
            .withPooling(pooling)
            .withMaxLength(maxLength)
            .withNormalize(!keepLength)
            .withPrefixes(queryPrefix, passagePrefix);
    if (model.contains("/") || Files.isDirectory(Path.of(model))) {
      return TextModel.open(Path.of(model), options);
    }
    ModelFetcher.ofThisProject()
        .ifPresent(
            fetcher ->
                fetcher.ensure(
                    model,
                    line -> {
                      if (!silent) {
                        err.println(line);
                        err.flush();
                      }
                    }));
    return TextModel.load(model, options);
  }
}
