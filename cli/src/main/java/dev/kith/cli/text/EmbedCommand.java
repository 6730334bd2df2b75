package dev.kith.cli.text;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Progress;
import dev.kith.cli.input.ModelOptions;
import dev.kith.cli.input.UserFiles;
import dev.kith.core.vector.VectorWriter;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that embeds texts into a file of vectors. */
@Command(
    name = "embed",
    mixinStandardHelpOptions = true,
    description = {
      "Turns the texts of a file into a file of vectors.",
      "Each line holds a text: a JSON object with \"_id\", \"text\" and perhaps \"title\". The"
          + " vectors are in the order of the texts; their file is written whole or not at all."
    })
public final class EmbedCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--in",
      required = true,
      paramLabel = "TEXTS.jsonl",
      description = "the texts, also as .gz or .xz")
  Path in;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "V.npy",
      description = "the vectors, float32, as .npy or .fvecs")
  Path vectors;

  @Mixin ModelOptions modelOptions;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}. */
  record Report(
      @JsonProperty("in") String texts,
      String out,
      String model,
      long rows,
      int dimension,
      double textsPerSecond) {}

  @Override
  public Integer call() throws IOException {
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    UserFiles.requireReadable(in);
    UserFiles.requireWritable(vectors, ".npy", ".fvecs");
    long total = count(); // also finds a bad line before the work begins
    try (var model = modelOptions.load(err, json)) {
      var bar = new Progress(err, "embedding", "texts", total, json);
      bar.watch(() -> write(model, bar));
      var report =
          new Report(
              in.toString(),
              vectors.toString(),
              model.name(),
              total,
              model.dimension(),
              bar.rate());
      if (json) {
        Json.print(out, report);
      } else {
        out.printf(
            "%s: %d rows of %d float32, model %s, %.1f texts/s%n",
            report.out, report.rows, report.dimension, report.model, report.textsPerSecond);
        out.flush();
      }
    }
    return ExitStatus.DONE;
  }

  private long count() {
    try (var texts = BeirFolder.texts(in)) {
      return texts.count();
    }
  }

  private Path write(TextModel model, Progress bar) {
    try (var texts = BeirFolder.texts(in);
        var writer = VectorWriter.create(vectors, model.dimension())) {
      model.embed(
          texts.map(modelOptions::content).iterator(),
          vector -> {
            try {
              writer.append(vector);
            } catch (IOException e) {
              throw new UncheckedIOException(UserFiles.about(vectors, e));
            }
          },
          bar);
      writer.commit();
      return vectors;
    } catch (IOException e) {
      throw new UncheckedIOException(UserFiles.about(vectors, e));
    }
  }
}
