package dev.kith.embed.beir;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A retrieval data set in BEIR's layout, in any file system:
 *
 * <pre>
 * corpus.jsonl     {"_id": "d1", "title": "Parthenon", "text": "temple of Athena"}   a line; title may be missing
 * queries.jsonl    {"_id": "q1", "text": "iconic archaeological landmark"}
 * qrels/test.tsv   query-id, corpus-id, score (0: not relevant), tab between; one file a split
 * </pre>
 *
 * Each file may end in {@code .gz} or {@code .xz}. A {@code qrels.tsv} in the folder itself is
 * split {@code test}. Texts are streamed; only their ids are kept, to find duplicates.
 */
public final class BeirFolder {
  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);
  private static final Pattern QUERY_COLUMN =
      Pattern.compile("(query|topic|q)[ _-]?(id|no|num|number)?", Pattern.CASE_INSENSITIVE);
  private static final List<String> PACKINGS = List.of("", ".gz", ".xz");

  private final Path folder;
  private final Path corpus;
  private final Path queries;

  private BeirFolder(Path folder, Path corpus, Path queries) {
    this.folder = folder;
    this.corpus = corpus;
    this.queries = queries;
  }

  /**
   * Finds the files of a data set; reads none of them yet.
   *
   * @throws BeirDataException if the folder has no corpus or no queries
   */
  public static BeirFolder open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new BeirDataException(
          "not a folder: %s; give a BEIR folder with corpus.jsonl, queries.jsonl and qrels/test.tsv"
              .formatted(folder));
    }
    return new BeirFolder(
        folder, require(folder, "corpus.jsonl"), require(folder, "queries.jsonl"));
  }

  private static Path require(Path folder, String name) {
    var file = find(folder, name);
    if (file == null) {
      throw new BeirDataException(
          "a BEIR folder holds %s (or .gz, .xz): folder=%s".formatted(name, folder));
    }
    return file;
  }

  private static @Nullable Path find(Path folder, String name) {
    var found =
        PACKINGS.stream().map(p -> folder.resolve(name + p)).filter(Files::isRegularFile).toList();
    if (found.size() > 1) {
      throw new BeirDataException(
          "a file must be there once: %s and %s; remove one".formatted(found.get(0), found.get(1)));
    }
    return found.isEmpty() ? null : found.getFirst();
  }

  /** The folder's own name. */
  public String name() {
    var name = folder.toAbsolutePath().normalize().getFileName();
    return name == null ? folder.toString() : name.toString();
  }

  /**
   * Streams the documents in file order; close the stream. A bad line throws {@link
   * BeirDataException} when it is reached.
   */
  public Stream<BeirText> corpus() {
    return texts(corpus);
  }

  /** Streams the queries in file order, with the rules of {@link #corpus()}. */
  public Stream<BeirText> queries() {
    return texts(queries);
  }

  /**
   * Streams one file of texts, a JSON object a line as in {@code corpus.jsonl}, also as {@code .gz}
   * or {@code .xz}, with the rules of {@link #corpus()}.
   */
  public static Stream<BeirText> texts(Path file) {
    var lines = new Lines(file);
    var firstLines = new HashMap<String, Long>();
    var reader =
        new AbstractSpliterator<BeirText>(Long.MAX_VALUE, 0) {
          @Override
          public boolean tryAdvance(Consumer<? super BeirText> action) {
            var line = lines.next();
            if (line == null) {
              return false;
            }
            var text = parse(line, lines);
            var first = firstLines.putIfAbsent(text.id(), lines.number());
            if (first != null) {
              throw lines.bad(
                  "a new _id", "the _id of line %d: %s".formatted(first, text.id()), null);
            }
            action.accept(text);
            return true;
          }
        };
    return StreamSupport.stream(reader, false).onClose(lines::close);
  }

  private static BeirText parse(byte[] line, Lines lines) {
    JsonNode node;
    try {
      node = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw lines.bad(
          "one JSON object", e.getOriginalMessage().replaceAll(", from `[^`]*`", ""), e);
    } catch (IOException e) {
      throw lines.bad("one JSON object in UTF-8", String.valueOf(e.getMessage()), e);
    }
    if (!node.isObject()) {
      throw lines.bad(
          "one JSON object", node.getNodeType().toString().toLowerCase(Locale.ROOT), null);
    }
    var id = string(node, "_id", lines);
    if (id == null || id.isEmpty()) {
      throw lines.bad("\"_id\": a string that is not empty", id == null ? "none" : "\"\"", null);
    }
    var text = string(node, "text", lines);
    if (text == null) {
      throw lines.bad("\"text\": a string", "none", null);
    }
    var title = string(node, "title", lines);
    return new BeirText(id, title == null ? "" : title, text);
  }

  private static @Nullable String string(JsonNode node, String field, Lines lines) {
    var value = node.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw lines.bad("\"%s\": a string".formatted(field), value.toString(), null);
    }
    return value.textValue();
  }

  /**
   * Reads the judgments of a split: query id to document id to grade, in file order; a grade above
   * 0 means relevant.
   *
   * @param split the name of a file in {@code qrels}, without its ending: {@code test}
   * @throws BeirDataException if there is no such split, or a line of it is bad
   */
  public Map<String, Map<String, Integer>> qrels(String split) {
    var judgments = new LinkedHashMap<String, Map<String, Integer>>();
    try (var lines = new Lines(qrelsFile(split))) {
      boolean first = true;
      for (var line = lines.nextText(); line != null; line = lines.nextText()) {
        var columns = line.split("\t", -1);
        if (columns.length != 3) {
          throw lines.bad(
              "3 columns with tabs between: query-id, corpus-id, score",
              columns.length + (columns.length == 1 ? " column" : " columns"),
              null);
        }
        boolean names = first && isHeader(columns);
        first = false;
        if (names) {
          continue;
        }
        var before =
            judgments
                .computeIfAbsent(columns[0], q -> new LinkedHashMap<>())
                .put(columns[1], grade(columns[2], lines));
        if (before != null) {
          throw lines.bad(
              "a new pair",
              "query %s and document %s a second time".formatted(columns[0], columns[1]),
              null);
        }
      }
    }
    return judgments;
  }

  /**
   * Whether a line names columns: the first is called like a query's id, the third is no number.
   */
  private static boolean isHeader(String[] columns) {
    return QUERY_COLUMN.matcher(columns[0].strip()).matches()
        && columns[2].chars().noneMatch(Character::isDigit);
  }

  private static int grade(String column, Lines lines) {
    try {
      return Integer.parseInt(column.strip());
    } catch (NumberFormatException e) {
      throw lines.bad("a whole number as score", '"' + column + '"', e);
    }
  }

  private Path qrelsFile(String split) {
    var file = find(folder.resolve("qrels"), split + ".tsv");
    if (file == null && split.equals("test")) {
      file = find(folder, "qrels.tsv");
    }
    if (file == null) {
      throw new BeirDataException(
          "no judgments for split %s: expected %s (or .gz, .xz)"
              .formatted(split, folder.resolve("qrels").resolve(split + ".tsv")));
    }
    return file;
  }
}
