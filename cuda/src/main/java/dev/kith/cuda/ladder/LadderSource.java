package dev.kith.cuda.ladder;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Parts of sources that lie in the jar, each between the lines {@code // [name]} and {@code //
 * [/name]}.
 *
 * @param file from the project's folder on
 * @param sections in the order in which they are shown
 */
record LadderSource(String file, List<String> sections) {
  private static final String KERNELS = "cuda/src/main/cuda/";
  private static final String KERNEL_RESOURCES = "/dev/kith/cuda/kernels/src/";
  private static final String JAVA = "cuda/src/main/java";

  static LadderSource kernels(String name, String... sections) {
    return new LadderSource(KERNELS + name, List.of(sections));
  }

  static LadderSource rowLoop() {
    return new LadderSource(JAVA + "/dev/kith/cuda/ladder/RowSearch.java", List.of("row"));
  }

  /** The sections, an empty line between them. */
  String text() {
    var text = read();
    var parts = sections.stream().map(name -> section(text, name)).toList();
    return String.join("\n", parts);
  }

  private String section(String text, String name) {
    var section = new StringBuilder();
    boolean inside = false;
    for (var line : text.lines().toList()) {
      if (line.strip().equals("// [/%s]".formatted(name)) && inside) {
        return section.toString().stripIndent().strip() + "\n";
      }
      if (inside) {
        section.append(line).append('\n');
      }
      inside |= line.strip().equals("// [%s]".formatted(name));
    }
    throw new IllegalArgumentException(
        "no section between // [%s] and // [/%s] in %s".formatted(name, name, file));
  }

  private String read() {
    var resource =
        file.startsWith(KERNELS)
            ? KERNEL_RESOURCES + file.substring(KERNELS.length())
            : file.substring(JAVA.length());
    try (var in = LadderSource.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("the jar lacks the source %s".formatted(file));
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the jar's " + file + " cannot be read", e);
    }
  }
}
