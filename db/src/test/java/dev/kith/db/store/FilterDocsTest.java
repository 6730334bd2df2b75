package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.db.filter.Filter;
import dev.kith.db.filter.FilterException;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/filters.md shows. */
class FilterDocsTest {
  private static final Path PAGE = page();

  /** Tests run in the module's folder or in the root. */
  private static Path page() {
    var page = Path.of("docs", "filters.md");
    return Files.exists(page) ? page : Path.of("..").resolve(page);
  }

  @Test
  void filters_ofThePage_findWhatItSays() throws IOException {
    var examples = block("filters");
    assertThat(examples).hasSizeGreaterThan(20);
    try (var index = new FilterIndex(schema(), points(), 2)) {
      for (var example : examples) {
        var parts = example.split(" +-> ", 2);
        var filter = Filter.parse(parts[0]);
        assertThat(index.find(filter)).as(example).hasToString("[" + parts[1] + "]");
        assertThat(index.findNaively(filter)).as(example).hasToString("[" + parts[1] + "]");
      }
    }
  }

  @Test
  void errors_ofThePage_readLikeThat() throws IOException {
    var lines = block("errors");
    assertThat(lines).hasSizeGreaterThan(10);
    for (int i = 0; i < lines.size(); i += 2) {
      var text = lines.get(i);
      assertThatThrownBy(() -> FilterQueries.compile(Filter.parse(text), schema()))
          .as(text)
          .isInstanceOf(FilterException.class)
          .hasMessage(lines.get(i + 1));
    }
  }

  @Test
  void java_ofThePage_buildsTheTextBesideIt(@TempDir Path folder) throws Exception {
    var lines = block("java");
    assertThat(lines).hasSizeGreaterThan(8);
    var source =
        lines.stream()
            .map(line -> line.split("  // ", 2)[0])
            .collect(
                Collectors.joining(
                    ",\n",
                    """
                    import dev.kith.db.filter.Filter;
                    import dev.kith.db.point.PointId;
                    import java.util.List;
                    import java.util.function.Supplier;
                    public class Page implements Supplier<List<Filter>> {
                      public List<Filter> get() { return List.of(
                    """,
                    ");}}"));
    var file = Files.writeString(folder.resolve("Page.java"), source);
    var classes = Filter.class.getProtectionDomain().getCodeSource().getLocation();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                Path.of(classes.toURI()).toString(),
                file.toString());
    assertThat(status).as("javac").isZero();
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      var page = loader.loadClass("Page").getDeclaredConstructor().newInstance();
      var filters = (List<?>) ((Supplier<?>) page).get();
      for (int i = 0; i < lines.size(); i++) {
        var text = lines.get(i).split("  // ", 2)[1];
        assertThat(filters.get(i)).hasToString(text).isEqualTo(Filter.parse(text));
        assertThat(FilterQueries.compile(Filter.parse(text), schema())).isNotNull();
      }
    }
  }

  private static Schema schema() throws IOException {
    return Schema.parse(String.join("\n", block("json schema")));
  }

  private static Map<PointId, Payload> points() throws IOException {
    var points = new LinkedHashMap<PointId, Payload>();
    for (var line : block("json points")) {
      var point = (ObjectNode) new JsonMapper().readTree(line);
      points.put(PointId.parse(point.remove("id").asText()), Payload.parse(point.toString()));
    }
    return points;
  }

  /** The lines of the only code block of that kind. */
  private static List<String> block(String kind) throws IOException {
    var lines = new ArrayList<String>();
    boolean inside = false;
    for (var line : Files.readAllLines(PAGE)) {
      if (line.startsWith("```")) {
        inside = line.equals("```" + kind);
      } else if (inside) {
        lines.add(line);
      }
    }
    return lines;
  }
}
