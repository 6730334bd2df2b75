package dev.kith.langchain4j;

import dev.kith.core.metric.Metric;
import dev.kith.db.Collection;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingMatch;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.EmbeddingSearchResult;
import dev.langchain4j.store.embedding.EmbeddingStore;
import dev.langchain4j.store.embedding.RelevanceScore;
import dev.langchain4j.store.embedding.filter.Filter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A collection of Kith as an embedding store of LangChain4j: search by cosine, all of its filters,
 * on disk or in memory.
 * <!-- compiled and run by UsageTest -->
 *
 * <pre>{@code
 * try (var kith = Kith.open(folder)) {
 *   var store = KithEmbeddingStore.of(kith.create("articles", KithEmbeddingStore.schema(384)));
 *   var segment = TextSegment.from("The Parthenon stands on the Acropolis", Metadata.from("lang", "en"));
 *   store.add(model.embed(segment).content(), segment);
 *   var request =
 *       EmbeddingSearchRequest.builder()
 *           .queryEmbedding(model.embed("iconic landmark").content())
 *           .filter(metadataKey("lang").isEqualTo("en"))
 *           .maxResults(3)
 *           .build();
 *   for (var match : store.search(request).matches()) {
 *     IO.println("%.3f  %s".formatted(match.score(), match.embedded().text()));
 *   }
 * }
 * }</pre>
 *
 * <p><b>Stored</b> are the embedding as it was given, and a payload of the segment's text and its
 * metadata, by type and key: {@code {"text": "...", "metadata": {"string": {"lang": "en"}, "int":
 * {"year": 2020}}}}. Kith's own filters see it too, as {@code metadata.int.year >= 2020};
 * characters of a key that a field's name may not have are written {@code __} and four hexadecimal
 * digits.
 *
 * <p><b>Filters</b> mean what LangChain4j's own {@code Filter.test} says, also for longs beyond
 * 2^53, infinities and NaN, on any metadata and without being declared first. Where that would
 * throw because a value is of another kind than what it is compared with, such as a string and a
 * number, the comparison is false.
 *
 * <p><b>Costs and limits.</b>
 *
 * <ul>
 *   <li>Keys are indexed as they come: one that is first met now changes no older segment. A
 *       segment of more than about 500 keys is not indexed, and filters read its payload.
 *   <li>Comparing strings or UUIDs by order, and {@code containsString}, reads every distinct value
 *       of the key; of strings of more than 8,191 bytes of UTF-8 any comparison reads all payloads
 *       that have one. The rest is answered by the index.
 *   <li>A key may have about 230 characters, less for those that are escaped; an id has 1 to 1,024
 *       bytes of UTF-8. A filter may have 500 tests, and each comparison is up to six of them.
 * </ul>
 *
 * <p>Adding and removing return when the collection's durability is reached, and the next search
 * sees them. Closing the store is closing the collection. Safe for many threads.
 */
public final class KithEmbeddingStore implements EmbeddingStore<TextSegment> {
  private final Collection collection;

  private KithEmbeddingStore(Collection collection) {
    this.collection = collection;
  }

  /** The schema of a collection for embeddings of {@code dimension}. */
  public static Schema schema(int dimension) {
    return Schema.of(dimension, Metric.COSINE);
  }

  /**
   * A store over a collection, which nobody else should write.
   *
   * @throws IllegalArgumentException if it has no vector called {@value Schema#VECTOR} that is
   *     compared by cosine, or if its schema is strict
   */
  public static KithEmbeddingStore of(Collection collection) {
    var schema = collection.schema();
    var vector = schema.vector(Schema.VECTOR);
    if (vector.metric() != Metric.COSINE) {
      throw new IllegalArgumentException(
          "an embedding store needs vectors compared by cosine: collection=%s, metric=%s; make it with KithEmbeddingStore.schema"
              .formatted(collection.name(), vector.metric()));
    }
    if (schema.strict()) {
      throw new IllegalArgumentException(
          "an embedding store needs a schema that is not strict: collection=%s; make it with KithEmbeddingStore.schema"
              .formatted(collection.name()));
    }
    return new KithEmbeddingStore(collection);
  }

  @Override
  public String add(Embedding embedding) {
    return addAll(List.of(embedding)).getFirst();
  }

  /** Adds an embedding; overwrites the one with the same id. */
  @Override
  public void add(String id, Embedding embedding) {
    addAll(List.of(id), List.of(embedding), null);
  }

  @Override
  public String add(Embedding embedding, TextSegment segment) {
    return addAll(List.of(embedding), List.of(segment)).getFirst();
  }

  @Override
  public List<String> addAll(List<Embedding> embeddings) {
    var ids = generateIds(embeddings.size());
    addAll(ids, embeddings, null);
    return ids;
  }

  /**
   * Adds embeddings; each overwrites the one with the same id. They become durable together.
   *
   * @param segments one an embedding, or null for none at all
   */
  @Override
  public void addAll(
      @Nullable List<String> ids,
      @Nullable List<Embedding> embeddings,
      @Nullable List<TextSegment> segments) {
    int count = size(embeddings);
    requireSameSize("ids", size(ids), "embeddings", count);
    if (segments != null) {
      requireSameSize("embeddings", count, "embedded", segments.size());
    }
    if (ids == null || embeddings == null) {
      return;
    }
    var points = new ArrayList<Point>(count);
    for (int i = 0; i < count; i++) {
      var segment = segments == null ? null : segments.get(i);
      if (segment != null) {
        requireFields(segment);
      }
      points.add(
          Point.of(
              PointId.of(ids.get(i)),
              embeddings.get(i).vector().clone(),
              Segments.payload(segment)));
    }
    collection.upsert(points);
  }

  private static int size(@Nullable List<?> list) {
    return list == null ? 0 : list.size();
  }

  private static void requireSameSize(String one, int size, String other, int otherSize) {
    if (size != otherSize) {
      throw new IllegalArgumentException(
          "%s size (%d) is not equal to %s size (%d)".formatted(one, size, other, otherSize));
    }
  }

  /** Refuses values of keys that the collection's schema names with another type. */
  private void requireFields(TextSegment segment) {
    segment
        .metadata()
        .toMap()
        .forEach(
            (key, value) -> {
              var type = MetadataType.of(value);
              var named = collection.schema().field(type.path(key));
              if (named != null && named != type.fieldType()) {
                throw new IllegalArgumentException(
                    "there is a field of that name already: " + type.path(key));
              }
            });
  }

  /** Removes embeddings; ids without one are passed over. */
  @Override
  public void removeAll(java.util.@Nullable Collection<String> ids) {
    if (ids != null && !ids.isEmpty()) {
      collection.delete(ids.stream().map(PointId::of).toList());
    }
  }

  /** Removes the embeddings whose segments pass the filter when the call begins. */
  @Override
  public void removeAll(@Nullable Filter filter) {
    if (filter == null) {
      throw new IllegalArgumentException("filter cannot be null");
    }
    dev.kith.db.filter.Filter condition;
    try (var reader = collection.reader()) {
      condition = new MetadataFilters(reader).of(filter);
    }
    collection.delete(condition);
  }

  /** Removes all embeddings. */
  @Override
  public void removeAll() {
    collection.delete(dev.kith.db.filter.Filter.all());
  }

  /**
   * The segments whose embeddings are nearest by cosine: proved to be where the collection scans,
   * as it does below some thousands of embeddings, or with the recall of its index; their score is
   * {@code (cosine + 1) / 2}, and the minimum is compared with that.
   */
  @Override
  public EmbeddingSearchResult<TextSegment> search(EmbeddingSearchRequest request) {
    try (var reader = collection.reader()) {
      long most = Math.min(request.maxResults(), Math.max(1, reader.count(null)));
      var query =
          Query.nearest(request.queryEmbedding().vector())
              .limit((int) most)
              .withVectors(Schema.VECTOR);
      var filter = request.filter();
      if (filter != null) {
        query = query.where(new MetadataFilters(reader).of(filter));
      }
      return new EmbeddingSearchResult<>(
          reader.query(query).hits().stream()
              .map(KithEmbeddingStore::match)
              .filter(match -> match.score() >= request.minScore())
              .toList());
    }
  }

  private static EmbeddingMatch<TextSegment> match(Hit hit) {
    var payload = hit.payload();
    return new EmbeddingMatch<>(
        RelevanceScore.fromCosineSimilarity(hit.score()),
        hit.id().toString(),
        Embedding.from(hit.vectors().get(Schema.VECTOR)),
        payload == null ? null : Segments.segment(payload));
  }
}
