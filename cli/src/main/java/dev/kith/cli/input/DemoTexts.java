package dev.kith.cli.input;

import dev.kith.embed.beir.BeirFolder;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;

/** The bundled texts: some 5,000 WordNet synsets, a BEIR folder inside {@code dev.kith.embed}. */
public final class DemoTexts {

  private DemoTexts() {}

  /** Opens the folder; its texts can be read until the process ends. */
  public static BeirFolder open() throws IOException {
    var url = BeirFolder.class.getResource("/dev/kith/embed/wordnet/corpus.jsonl");
    if (url == null) {
      throw new IOException("the bundled texts are missing from kith-embed; build it again");
    }
    try {
      URI uri = url.toURI();
      if (uri.getScheme().equals("jar")) {
        mount(uri);
      }
      return BeirFolder.open(Path.of(uri).resolveSibling(""));
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the texts are read until the process ends
  private static void mount(URI uri) throws IOException {
    try {
      FileSystem _ = FileSystems.newFileSystem(uri, Map.of());
    } catch (FileSystemAlreadyExistsException e) {
      return; // mounted before
    }
  }
}
