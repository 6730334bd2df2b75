package dev.kith.db.store;

import dev.kith.core.vector.VectorDataException;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.PointId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.MultiBits;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.BytesRef;

/** Reads everything and says what is wrong. */
public final class Verification {
  private Verification() {}

  /** A line for each problem of the collection in that folder. */
  public static List<String> of(CollectionFolder files) throws IOException {
    try (var storage = new CommittedStorage(files)) {
      return of(storage);
    }
  }

  /** A line for each problem of what a storage reads now. */
  public static List<String> of(Storage storage) throws IOException {
    var problems = new ArrayList<String>();
    var reader = storage.acquire();
    try {
      for (var leaf : reader.leaves()) {
        checksums(leaf.reader(), problems);
        for (var name : storage.description().schema().vectors().keySet()) {
          shadow(leaf.reader(), name, problems);
        }
      }
      ids(reader, problems);
    } finally {
      reader.decRef();
    }
    return problems;
  }

  private static void checksums(LeafReader leaf, List<String> problems) {
    try {
      if (FilterLeafReader.unwrap(leaf) instanceof CodecReader segment) {
        segment.checkIntegrity();
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
        vectors.verifyShadow();
      }
    } catch (IOException | VectorDataException e) {
      problems.add("segment %s, vector %s: %s".formatted(leaf, name, e.getMessage()));
    }
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
