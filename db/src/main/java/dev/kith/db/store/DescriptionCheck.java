package dev.kith.db.store;

import dev.kith.core.vector.VectorDataException;
import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;

/** Whether a collection's description is that of its segments. */
final class DescriptionCheck {
  private DescriptionCheck() {}

  /**
   * Returns if it is.
   *
   * @throws VectorDataException saying what differs
   */
  static void require(CollectionFolder files, Description description, DirectoryReader committed)
      throws IOException {
    var problems = problems(description, committed);
    if (!problems.isEmpty()) {
      throw new VectorDataException(
          "a collection's description must be that of its segments: folder=%s, found=%s; take collection.json from where the segments are from, or restore a snapshot"
              .formatted(files, problems.getFirst()));
    }
  }

  /** A line for each difference. */
  static List<String> problems(Description description, DirectoryReader committed)
      throws IOException {
    var problems = new ArrayList<String>();
    copy(description, committed, problems);
    for (var leaf : committed.leaves()) {
      vectors(description, FilterLeafReader.unwrap(leaf.reader()), problems);
    }
    fields(description, committed, problems);
    return problems;
  }

  /** The last commit's copy is as old as the description, or older. */
  private static void copy(
      Description description, DirectoryReader committed, List<String> problems)
      throws IOException {
    var copy = Segments.description(committed);
    if (copy == null) {
      return;
    }
    if (copy.revision() > description.revision()) {
      problems.add(
          "collection.json has revision %d and the last checkpoint %d"
              .formatted(description.revision(), copy.revision()));
    } else if (copy.revision() == description.revision() && !copy.equals(description)) {
      problems.add(
          "collection.json says %s and the last checkpoint %s"
              .formatted(description.schema().toJson(), copy.schema().toJson()));
    }
  }

  private static void vectors(Description description, LeafReader leaf, List<String> problems)
      throws IOException {
    for (var info : leaf.getFieldInfos()) {
      if (!Documents.isVectorField(info.name)) {
        continue;
      }
      var name = Documents.vectorName(info.name);
      var expected = description.schema().vectors().get(name);
      var rows = SegmentVectors.of(leaf, info.name);
      if (expected == null) {
        problems.add("segment %s holds vectors %s, the schema has none".formatted(leaf, name));
      } else if (rows != null && !isSame(expected, rows.field())) {
        problems.add(
            "vectors %s are %s in segment %s and %s in the schema"
                .formatted(name, told(rows.field()), leaf, told(expected)));
      }
    }
  }

  /** The index may differ: it is built anew when segments are merged. */
  private static boolean isSame(VectorField one, VectorField other) {
    return one.dimension() == other.dimension()
        && one.metric() == other.metric()
        && one.type() == other.type();
  }

  private static String told(VectorField field) {
    return "%d %s, %s".formatted(field.dimension(), field.type(), field.metric());
  }

  /**
   * No living point is indexed as another type than the schema has for a field. Points that were
   * indexed for a field that was then given up may be, but not for one that was added again.
   */
  private static void fields(
      Description description, DirectoryReader committed, List<String> problems)
      throws IOException {
    var names = new TreeSet<String>();
    for (var leaf : committed.leaves()) {
      leaf.reader().getFieldInfos().forEach(info -> names.add(info.name));
    }
    var searcher = new IndexSearcher(committed);
    for (var field :
        description.schema().withoutFields(description.pending()).fields().entrySet()) {
      var expected = PayloadFields.name(field.getKey(), field.getValue());
      for (var other : otherNames(field.getKey(), expected)) {
        int points = names.contains(other) ? searcher.count(new FieldExistsQuery(other)) : 0;
        if (points > 0) {
          problems.add(
              "field %s is %s in the schema, but %d points are indexed as %s"
                  .formatted(field.getKey(), field.getValue(), points, other));
        }
      }
    }
  }

  private static List<String> otherNames(String path, String expected) {
    return Arrays.stream(FieldType.values())
        .map(type -> PayloadFields.name(path, type))
        .distinct()
        .filter(name -> !name.equals(expected))
        .toList();
  }
}
