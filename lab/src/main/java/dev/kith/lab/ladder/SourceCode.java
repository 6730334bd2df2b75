package dev.kith.lab.ladder;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Piece of source, as it stands in the file that was compiled. The build copies those files into
 * this module's resources (lab/pom.xml names them).
 *
 * @param file path of its file, from the project's folder on
 * @param text whole lines, their common indentation taken away
 */
public record SourceCode(String file, String text) {
  private static final String FOLDER = "/dev/kith/lab/source/";

  /**
   * Cuts out one function: from the first line that begins with {@code signature} to the first line
   * after it that is a closing brace with the same indentation.
   *
   * @throws IllegalArgumentException if there is no such file or function
   */
  public static SourceCode function(String file, String signature) {
    var text = new StringBuilder();
    String indent = null;
    for (var line : read(file).lines().toList()) {
      if (indent == null && line.stripLeading().startsWith(signature)) {
        indent = line.substring(0, line.length() - line.stripLeading().length());
      }
      if (indent != null) {
        text.append(line.startsWith(indent) ? line.substring(indent.length()) : line).append('\n');
        if (line.equals(indent + "}")) {
          return new SourceCode(file, text.toString());
        }
      }
    }
    throw new IllegalArgumentException(
        "no such function in the source: file=%s, signature=%s".formatted(file, signature));
  }

  private static String read(String file) {
    try (var in = SourceCode.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "no such source among the lab's resources: %s; name it in lab/pom.xml".formatted(file));
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
