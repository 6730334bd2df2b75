package dev.kith.db;

import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedderProvider;
import dev.kith.core.text.TextEmbedding;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Passage;
import dev.kith.db.point.Point;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.ServiceLoader;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * A collection as texts: they go in as they are, with metadata, and are found by their meaning; no
 * vector is seen.
 *
 * <pre>{@code
 * try (var kith = Kith.open(Path.of("my-data")); var model = TextModel.load("bge-small-en-v15-q")) {
 *   var texts = kith.openOrCreate("articles", Schema.ofTexts(model)).texts(model);
 *   texts.add(Passage.of("1", "The Parthenon stands on the Acropolis", Payload.of("lang", "en")));
 *   for (var hit : texts.search("iconic landmark", 10).hits()) { ... }
 * }
 * }</pre>
 *
 * <p>A text is kept in the payload, under {@link Passage#TEXT}, beside its metadata: filters,
 * deletion and all else go by the {@link #collection}. Safe for many threads. Closing lets go of
 * the model, if {@link Collection#texts()} loaded it, and leaves the collection open.
 */
public final class Texts implements AutoCloseable {
  /** Texts that are embedded together. */
  private static final int WINDOW = 256;

  /** Hits that each half of a hybrid search contributes, at least. */
  private static final int HALF = 100;

  private final Collection collection;
  private final String vector;
  private final TextEmbedder embedder;
  private final boolean owned;

  private Texts(Collection collection, String vector, TextEmbedder embedder, boolean owned) {
    this.collection = collection;
    this.vector = vector;
    this.embedder = embedder;
    this.owned = owned;
  }

  /**
   * Of a collection whose vectors are known to be made by that embedder; {@link Collection#texts}
   * looks first.
   */
  public static Texts of(Collection collection, String vector, TextEmbedder embedder) {
    return new Texts(collection, vector, embedder, false);
  }

  /** By the model that the collection remembers, which is loaded. */
  static Texts of(Collection collection, String vector) {
    var known = collection.schema().vector(vector).embedding();
    if (known == null) {
      throw new IllegalArgumentException(
          "collection %s does not say which model makes its vector %s: give one by texts(model), or create it by Schema.ofTexts(model)"
              .formatted(collection.name(), vector));
    }
    var embedder = load(collection, known);
    try {
      collection.texts(vector, embedder); // whose files may be others by now
      return new Texts(collection, vector, embedder, true);
    } catch (RuntimeException e) {
      embedder.close();
      throw e;
    }
  }

  private static TextEmbedder load(Collection collection, TextEmbedding known) {
    for (var provider : ServiceLoader.load(TextEmbedderProvider.class)) {
      var embedder = provider.load(known);
      if (embedder != null) {
        return embedder;
      }
    }
    throw new IllegalArgumentException(
        "nothing here can load model %s, by which collection %s is embedded: add kith-embed, or load it yourself and give it by texts(model)"
            .formatted(known.model(), collection.name()));
  }

  /** The collection that holds the texts. */
  public Collection collection() {
    return collection;
  }

  /** How the texts are embedded. */
  public TextEmbedding embedding() {
    return embedder.embedding();
  }

  /** Puts texts; see {@link #add(List)}. */
  public void add(Passage... passages) {
    add(List.of(passages));
  }

  /**
   * Embeds texts and puts them, each in the place of the point with its id; they become durable
   * together.
   *
   * @throws IllegalArgumentException if the metadata of one does not fit the schema; then none was
   *     put
   */
  public void add(List<Passage> passages) {
    collection.upsert(points(passages));
  }

  /** Puts any number of texts; see {@link #addAll(Iterator, LongConsumer)}. */
  public long addAll(Stream<Passage> passages) {
    return addAll(passages.iterator(), _ -> {});
  }

  /**
   * Embeds and puts any number of texts, some hundred at a time, while those before are written.
   *
   * @param progress told now and then how many texts from the start are durable
   * @return how many there were
   */
  public long addAll(Iterator<Passage> passages, LongConsumer progress) {
    return collection.upsertAll(new Embedded(passages), (points, _) -> progress.accept(points));
  }

  private List<Point> points(List<Passage> passages) {
    var rows = embedder.embedPassages(passages.stream().map(Passage::text).toList());
    var points = new ArrayList<Point>(passages.size());
    for (int i = 0; i < passages.size(); i++) {
      points.add(passages.get(i).point(vector, rows.get(i)));
    }
    return points;
  }

  /** The points of passages, embedded as they are asked for. */
  private final class Embedded implements Iterator<Point> {
    private final Iterator<Passage> passages;
    private final Queue<Point> ready = new ArrayDeque<>();

    Embedded(Iterator<Passage> passages) {
      this.passages = passages;
    }

    @Override
    public boolean hasNext() {
      return !ready.isEmpty() || passages.hasNext();
    }

    @Override
    public Point next() {
      if (ready.isEmpty()) {
        var window = new ArrayList<Passage>();
        while (window.size() < WINDOW && passages.hasNext()) {
          window.add(passages.next());
        }
        ready.addAll(points(window));
      }
      var point = ready.poll();
      if (point == null) {
        throw new NoSuchElementException("no more passages");
      }
      return point;
    }
  }

  /** The texts whose meaning is nearest to a question's. */
  public QueryResult search(String question, int limit) {
    return collection.query(nearest(question).limit(limit));
  }

  /** The same among texts that pass a filter, such as {@code Filter.parse("lang == 'en'")}. */
  public QueryResult search(String question, int limit, Filter filter) {
    return collection.query(nearest(question).limit(limit).where(filter));
  }

  /** The query of {@link #search(String, int)}, to be refined and asked of the collection. */
  public Query nearest(String question) {
    return Query.nearest(vector, embedder.embedQuery(question));
  }

  /**
   * The texts that are nearest by meaning and have a question's words, both rankings fused by
   * reciprocal ranks.
   *
   * @throws IllegalArgumentException if the schema does not index {@link Passage#TEXT} as text
   */
  public QueryResult searchHybrid(String question, int limit) {
    return collection.query(hybrid(question, limit).limit(limit));
  }

  /**
   * The query of {@link #searchHybrid}, to be refined and asked of the collection.
   *
   * @param limit of hits that will be asked for; each half gives that many, and 100 at least
   */
  public Query hybrid(String question, int limit) {
    if (collection.schema().field(Passage.TEXT) != FieldType.TEXT) {
      throw new IllegalArgumentException(
          "words are looked for in a field of type text: collection %s has none of the name %s; add it by addField"
              .formatted(collection.name(), Passage.TEXT));
    }
    int half = Math.max(limit, HALF);
    return Query.fuse(
        Fusion.rrf(),
        nearest(question).limit(half),
        Query.words(Passage.TEXT, question).limit(half));
  }

  @Override
  public void close() {
    if (owned) {
      embedder.close();
    }
  }
}
