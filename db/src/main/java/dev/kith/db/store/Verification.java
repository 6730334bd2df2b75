package dev.kith.db.store;

import dev.kith.core.vector.VectorDataException;
import dev.kith.db.durability.Checks;
import dev.kith.db.format.DamagedPartException;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiBits;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.FixedBitSet;

/** Reads everything and says what is wrong. */
public final class Verification {
  private Verification() {}

  /** A line for each problem of the collection in that folder. */
  public static List<String> of(CollectionFolder files) throws IOException {
    try (var storage = new CommittedStorage(files, Checks.OFF)) {
      return of(storage);
    }
  }

  /** A line for each problem of what a storage reads now. */
  public static List<String> of(Storage storage) throws IOException {
    var problems = new ArrayList<String>();
    var description = storage.description(); // first: its fields are in every later reader
    var reader = storage.acquire();
    try {
      problems.addAll(DescriptionCheck.problems(description, reader));
      for (var leaf : reader.leaves()) {
        checksums(leaf.reader(), problems);
        for (var name : description.schema().vectors().keySet()) {
          shadow(leaf.reader(), name, problems);
        }
      }
      ids(reader, problems);
      if (problems.isEmpty()) { // else payloads may be anything
        fields(reader, description, problems);
      }
    } finally {
      reader.decRef();
    }
    return problems;
  }

  private static void checksums(LeafReader leaf, List<String> problems) {
    if (!(FilterLeafReader.unwrap(leaf) instanceof CodecReader segment)) {
      return;
    }
    try {
      segment.checkIntegrity(); // ends with the first that is wrong
    } catch (IOException e) {
      problems.add("segment %s: %s".formatted(leaf, e.getMessage()));
      parts(segment, leaf, e, problems);
    }
  }

  /** The damaged parts of the vectors that were not named yet. */
  private static void parts(
      CodecReader segment, LeafReader leaf, IOException named, List<String> problems) {
    try {
      for (var part : SegmentVectors.damagedParts(segment)) {
        if (!String.valueOf(named.getMessage()).contains(part)) {
          problems.add("segment %s: a part's checksum failed: %s".formatted(leaf, part));
        }
      }
    } catch (IOException e) {
      problems.add("segment %s: %s".formatted(leaf, e.getMessage()));
    }
  }

  private static void shadow(LeafReader leaf, String name, List<String> problems) {
    try {
      var vectors = SegmentVectors.of(leaf, Documents.vectorField(name));
      if (vectors != null) {
        vectors.rows().requireFinite();
        vectors.verifyBuilt();
      }
    } catch (DamagedPartException _) {
      // Its checksum was told of before.
    } catch (IOException | VectorDataException e) {
      problems.add("segment %s, vector %s: %s".formatted(leaf, name, e.getMessage()));
    }
  }

  /** Every living point is indexed by what its payload holds, and by nothing else. */
  private static void fields(DirectoryReader reader, Description description, List<String> problems)
      throws IOException {
    var schema = description.schema().withoutFields(description.pending());
    if (schema.fields().isEmpty()) {
      return;
    }
    var payloadFields = new PayloadFields(new Schema(schema.vectors(), schema.fields(), false));
    var searcher = new IndexSearcher(reader);
    for (var leaf : reader.leaves()) {
      var indexed = new HashMap<String, FixedBitSet>();
      for (var field : schema.fields().entrySet()) {
        var name = PayloadFields.name(field.getKey(), field.getValue());
        indexed.put(name, matches(searcher, leaf, new FieldExistsQuery(name)));
      }
      fields(leaf.reader(), payloadFields, indexed, problems);
    }
  }

  private static FixedBitSet matches(IndexSearcher searcher, LeafReaderContext leaf, Query query)
      throws IOException {
    var bits = new FixedBitSet(leaf.reader().maxDoc());
    var scorer =
        searcher
            .createWeight(searcher.rewrite(query), ScoreMode.COMPLETE_NO_SCORES, 1)
            .scorer(leaf);
    if (scorer != null) {
      bits.or(scorer.iterator());
    }
    return bits;
  }

  private static void fields(
      LeafReader leaf,
      PayloadFields payloadFields,
      Map<String, FixedBitSet> indexed,
      List<String> problems)
      throws IOException {
    var live = leaf.getLiveDocs();
    var stored = leaf.storedFields();
    var ids = Documents.ids(leaf);
    var wrong = new TreeMap<String, Integer>();
    for (int doc = 0; doc < leaf.maxDoc(); doc++) {
      if (live != null && !live.get(doc)) {
        continue;
      }
      var id = PointId.ofBytes(Documents.idBytes(ids, doc));
      var names = new HashSet<String>();
      try {
        payloadFields
            .of(id, Documents.payload(stored, doc))
            .forEach(field -> names.add(field.name()));
      } catch (IllegalArgumentException e) {
        problems.add("segment %s, point %s: %s".formatted(leaf, id, e.getMessage()));
        return;
      }
      for (var field : indexed.entrySet()) {
        if (field.getValue().get(doc) != names.contains(field.getKey())) {
          wrong.merge(field.getKey(), 1, Integer::sum);
        }
      }
    }
    wrong.forEach(
        (name, points) ->
            problems.add(
                "segment %s: %d points are not indexed by %s as their payloads say"
                    .formatted(leaf, points, name)));
  }

  /** Every living document has an id of its own, under which its term finds it. */
  private static void ids(DirectoryReader reader, List<String> problems) throws IOException {
    var terms = MultiTerms.getTerms(reader, Documents.ID);
    var live = MultiBits.getLiveDocs(reader);
    int found = 0;
    if (terms != null) {
      var ids = terms.iterator();
      PostingsEnum documents = null;
      for (var id = ids.next(); id != null; id = ids.next()) {
        int living = 0;
        documents = ids.postings(documents, PostingsEnum.NONE);
        for (int document = documents.nextDoc();
            document != DocIdSetIterator.NO_MORE_DOCS;
            document = documents.nextDoc()) {
          living += live == null || live.get(document) ? 1 : 0;
        }
        if (living > 1) {
          problems.add(
              "an id must be there once: id=%s, points=%d"
                  .formatted(PointId.ofBytes(BytesRef.deepCopyOf(id).bytes), living));
        }
        found += living;
      }
    }
    if (found != reader.numDocs()) {
      problems.add(
          "every point must have an id: points=%d, ids=%d".formatted(reader.numDocs(), found));
    }
  }
}
