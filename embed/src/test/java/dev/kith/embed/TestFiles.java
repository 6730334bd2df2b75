package dev.kith.embed;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** Files that tests need. */
public final class TestFiles {
  private TestFiles() {}

  /** A file with that name and content in a new folder that is gone when the program ends. */
  static Path write(String name, String content) {
    try {
      var folder = Files.createTempDirectory("kith-test-");
      folder.toFile().deleteOnExit();
      var file = Files.writeString(folder.resolve(name), content);
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The bundled WordNet texts, a BEIR folder. */
  public static Path wordnet() {
    var corpus =
        requireNonNull(TestFiles.class.getResource("/dev/kith/embed/wordnet/corpus.jsonl"));
    return requireNonNull(Path.of(URI.create(corpus.toString())).getParent());
  }

  /** A file in the jar of the default model, which is on the class path of the tests. */
  static URL ofDefaultModel(Function<ModelCatalog.Entry, String> file) {
    var name = file.apply(ModelCatalog.named(ModelCatalog.DEFAULT));
    return requireNonNull(ModelCatalog.resource(name));
  }

  /** Jar of the default model. */
  static Path defaultModelJar() {
    var url = ofDefaultModel(ModelCatalog.Entry::modelFile).toString();
    return Path.of(URI.create(url.substring("jar:".length(), url.indexOf("!/"))));
  }
}
