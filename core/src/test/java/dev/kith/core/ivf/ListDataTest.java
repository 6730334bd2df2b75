package dev.kith.core.ivf;

import static dev.kith.core.testing.Parts.copies;
import static dev.kith.core.testing.Parts.flip;
import static dev.kith.core.testing.Parts.part;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class ListDataTest {
  private static final ListSpec SPEC = (ListSpec) IndexSpec.parse("ivf(lists=9)");

  private static ListData build(VectorSource rows, Metric metric) {
    return (ListData) Backends.builderOf(SPEC).build(rows, metric, BuildOptions.defaults());
  }

  /** Writes an int, and the checksums that belong to it. */
  private static void setInt(MemorySegment part, long at, int value) {
    part.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
    part.set(ValueLayout.JAVA_INT, 44, Checksums.crc32c(part.asSlice(64)));
    part.set(ValueLayout.JAVA_INT, 60, Checksums.crc32c(part.asSlice(0, 60)));
  }

  @Test
  void build_anyRows_areEachInOneListInOrder(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 400, 6))) {
      for (var metric : Metric.values()) {
        var data = build(source, metric);
        data.verify();
        var order = data.order();
        assertThat(data.lists()).isBetween(1, 9).isEqualTo(order.lists());
        assertThat(order.rows()).isEqualTo(400);
        int rows = 0;
        for (int list = 0; list < order.lists(); list++) {
          assertThat(order.size(list)).isPositive();
          rows += order.size(list);
        }
        assertThat(rows).isEqualTo(400);
      }
    }
  }

  @Test
  void open_storedParts_areTheSame(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 200, 9))) {
      for (var metric : Metric.values()) {
        var data = build(source, metric);
        var opened = ListData.open(source, metric, SPEC, copies(data));
        opened.verify();
        assertThat(opened.lists()).isEqualTo(data.lists());
        assertThat(opened.bytes()).isEqualTo(data.bytes());
      }
      var none = source.slice(0, 0);
      ListData.open(none, Metric.L2, SPEC, copies(build(none, Metric.L2))).verify();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bits1", "bits5", "pq3x4", "opq3x8"})
  void openOrVerify_blockCodes_areCheckedAsWell(String codes, SplittableRandom random) {
    var spec = (ListSpec) IndexSpec.parse("ivf(lists=9,codes=%s)".formatted(codes));
    try (var source = VectorSource.of(TestVectors.gaussians(random, 200, 9))) {
      for (var metric : Metric.values()) {
        var data =
            (ListData) Backends.builderOf(spec).build(source, metric, BuildOptions.defaults());
        var opened = ListData.open(source, metric, spec, copies(data));
        opened.verify();
        assertThat(opened.bytes()).isEqualTo(data.bytes());
        for (int round = 0; round < 20; round++) {
          var parts = copies(data);
          var part = part(parts, ListData.CODES);
          flip(part, random.nextLong(part.byteSize()), 1 + random.nextInt(255));
          assertThatThrownBy(() -> ListData.open(source, metric, spec, parts).verify())
              .isInstanceOf(VectorDataException.class);
        }
        // Codes of rows that were changed since, whose checksums are right.
        var changed = new float[200][];
        Arrays.setAll(changed, source::row);
        int row = data.order().row(0);
        changed[row] = changed[data.order().row(data.order().size(0) - 1)].clone();
        changed[row][0] = Math.nextUp(changed[row][0]) + 0.25f;
        try (var other = VectorSource.of(changed)) {
          assertThatThrownBy(() -> ListData.open(other, metric, spec, copies(data)).verify())
              .isInstanceOf(VectorDataException.class)
              .hasMessageMatching(
                  "(codes must be of these rows: rows=memory, list=0, rows from %d on have other codes|rows must lie within the radius of their list: rows=memory, list=0).*"
                      .formatted(row));
        }
        var others = (ListSpec) IndexSpec.parse("ivf(lists=9,codes=bits7)");
        var kind = codes.startsWith("bits") ? "codes of the spec's bits" : "codes of the kind that";
        assertRefused(source, metric, others, copies(data), "have " + kind);
        assertRefused(source, metric, SPEC, copies(data), "have codes of the kind that");
      }
    }
  }

  /** A body of another length than the rows need, whose header and checksums agree with it. */
  @ParameterizedTest
  @ValueSource(strings = {"bits1", "pq3x4"})
  void open_codesOfAnotherLength_areRefused(String codes, SplittableRandom random) {
    var spec = (ListSpec) IndexSpec.parse("ivf(lists=9,codes=%s)".formatted(codes));
    try (var source = VectorSource.of(TestVectors.gaussians(random, 200, 9))) {
      var data =
          (ListData) Backends.builderOf(spec).build(source, Metric.L2, BuildOptions.defaults());
      var parts = copies(data);
      var body = part(parts, ListData.CODES);
      for (long length : new long[] {body.byteSize() - 64, 8}) {
        var cut = body.asSlice(0, length);
        var lists = part(parts, ListData.LISTS);
        lists.set(ValueLayout.JAVA_LONG_UNALIGNED, 32, length);
        setInt(lists, 40, Checksums.crc32c(cut));
        var shorter = new LinkedHashMap<>(parts);
        shorter.put(ListData.CODES, cut);
        assertThatThrownBy(() -> ListData.open(source, Metric.L2, spec, shorter))
            .isInstanceOf(VectorDataException.class)
            .hasMessageMatching(
                "(rotated|product) codes must be as long as their rows need: rows=.*, found=%d; build them again"
                    .formatted(length));
      }
    }
  }

  @Test
  void open_headerByteFlipped_isRefused(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 4))) {
      var data = build(source, Metric.L2);
      for (int at = 0; at < ListPart.HEADER; at++) {
        var parts = copies(data);
        flip(part(parts, ListData.LISTS), at, 1 + random.nextInt(255));
        assertThatThrownBy(() -> ListData.open(source, Metric.L2, SPEC, parts))
            .as("byte %d", at)
            .isInstanceOf(VectorDataException.class)
            .hasMessageMatching("the part lists .*: rows=memory, offset in the part=.*")
            .hasMessageEndingWith("restore the index, or build it again");
      }
    }
  }

  @Test
  void openOrVerify_bodyByteFlipped_isFound(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 90, 4))) {
      var data = build(source, Metric.L2);
      for (int round = 0; round < 100; round++) {
        var parts = copies(data);
        var name = random.nextBoolean() ? ListData.LISTS : ListData.CODES;
        var part = part(parts, name);
        long first = name.equals(ListData.LISTS) ? ListPart.HEADER : 0;
        flip(part, random.nextLong(first, part.byteSize()), 1 + random.nextInt(255));
        assertThatThrownBy(() -> ListData.open(source, Metric.L2, SPEC, parts).verify())
            .isInstanceOf(VectorDataException.class)
            .hasMessageStartingWith("the part lists must ");
      }
    }
  }

  @Test
  void open_otherRowsMetricOrSpec_isRefused(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 4));
        var wide = VectorSource.of(TestVectors.gaussians(random, 50, 5))) {
      var parts = copies(build(source, Metric.L2));
      assertRefused(source, Metric.DOT, SPEC, parts, "be for this metric");
      assertRefused(wide, Metric.L2, SPEC, parts, "have the rows' dimension");
      assertRefused(source.slice(0, 49), Metric.L2, SPEC, parts, "be of these rows");
      var fewer = (ListSpec) IndexSpec.parse("ivf(lists=2)");
      assertRefused(source, Metric.L2, fewer, parts, "have as many lists as the spec allows");
      parts.put(ListData.CODES, part(parts, ListData.CODES).asSlice(0, 64));
      assertRefused(source, Metric.L2, SPEC, parts, "lie beside its codes");
      parts.remove(ListData.CODES);
      assertThatThrownBy(() -> ListData.open(source, Metric.L2, SPEC, parts))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "inverted lists need their part codes: rows=memory, found=[lists, curve]; build the"
                  + " index again");
    }
  }

  private static void assertRefused(
      VectorSource rows,
      Metric metric,
      ListSpec spec,
      Map<String, MemorySegment> parts,
      String rule) {
    assertThatThrownBy(() -> ListData.open(rows, metric, spec, parts))
        .isInstanceOf(VectorDataException.class)
        .hasMessageStartingWith("the part lists must " + rule)
        .hasMessageEndingWith("restore the index, or build it again");
  }

  /** Damage that a checksum would hide, had it been written with it. */
  @Test
  void openOrVerify_falseLists_areNamed(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 4))) {
      var data = build(source, Metric.L2);
      int lists = data.lists();
      long radii = 128 + 4L * lists * 4;
      long firsts = radii + 4L * lists;
      long rows = firsts + 4L * (lists + 1);
      var parts = copies(data);
      setInt(part(parts, ListData.LISTS), firsts + 4, 0);
      assertRefused(source, Metric.L2, SPEC, parts, "have lists one behind the other");
      var outside = copies(data);
      setInt(part(outside, ListData.LISTS), rows + 4L * 49, 50);
      assertRefused(source, Metric.L2, SPEC, outside, "name rows that are there");
      var twice = copies(data);
      var order = data.order();
      int list = 0;
      while (order.size(list) < 2) { // a row alone follows none, and is its list's centre
        list++;
      }
      int place = order.first(list);
      int first = order.row(place);
      setInt(part(twice, ListData.LISTS), rows + 4L * (place + 1), first);
      assertFault(
          source,
          twice,
          "each row must be in one list, and rows of a list must ascend: rows=memory, list=%d, row %d behind %d"
              .formatted(list, first, first));
      var small = copies(data);
      setInt(part(small, ListData.LISTS), radii + 4L * list, Float.floatToRawIntBits(1e-3f));
      assertFault(
          source,
          small,
          "rows must lie within the radius of their list: rows=memory, list=%d, radius=0.001"
              .formatted(list));
    }
  }

  /**
   * A list that begins elsewhere has codes of another length: the lists are named, not the codes.
   */
  @Test
  void open_listsThatNeedMoreCodes_areRefused() {
    var rows = new float[34][]; // 16 and 18 rows, which need one panel of codes and two
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new float[] {i < 16 ? i : 1000 + i};
    }
    var spec = (ListSpec) IndexSpec.parse("ivf(lists=2)");
    try (var source = VectorSource.of(rows)) {
      var data =
          (ListData) Backends.builderOf(spec).build(source, Metric.L2, BuildOptions.defaults());
      assertThat(data.order().size(0)).isIn(16, 18);
      var parts = copies(data);
      long firsts = 128 + 4L * 2 + 4L * 2;
      setInt(part(parts, ListData.LISTS), firsts + 4, 17);
      assertRefused(source, Metric.L2, spec, parts, "have lists that fit their codes");
    }
  }

  private static void assertFault(
      VectorSource rows, Map<String, MemorySegment> parts, String message) {
    assertThatThrownBy(() -> ListData.open(rows, Metric.L2, SPEC, parts).verify())
        .isInstanceOf(VectorDataException.class)
        .hasMessageStartingWith(message)
        .hasMessageEndingWith("restore the index, or build it again");
  }

  @Test
  void verify_rowChanged_isNamed(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 300, 4);
    try (var source = VectorSource.of(rows)) {
      var data = build(source, Metric.COSINE);
      var parts = copies(data);
      // Nearer to the centre than before: the radius holds, the code does not.
      int row = data.order().row(0);
      for (int e = 0; e < 4; e++) {
        rows[row][e] *= 1 + 0x1p-10f * (e - 2);
      }
      try (var changed = VectorSource.of(rows)) {
        assertThatThrownBy(() -> ListData.open(changed, Metric.COSINE, SPEC, parts).verify())
            .isInstanceOf(VectorDataException.class)
            .hasMessageMatching(
                "(codes must be of these rows: rows=memory, list=0, rows from %d on have other codes|rows must lie within the radius of their list: rows=memory, list=0).*"
                    .formatted(row));
      }
    }
  }

  @Test
  void lists_bytes_areThoseOfTheFormatPage() {
    try (var source = VectorSource.of(new float[] {0}, new float[] {1}, new float[] {9})) {
      var one = (ListSpec) IndexSpec.parse("ivf(lists=1)");
      var data =
          (ListData) Backends.builderOf(one).build(source, Metric.COSINE, BuildOptions.defaults());
      var part = part(data.parts(), ListData.LISTS);
      // The codes: a centre of 64 bytes, and a panel of one group.
      var ints = part.toArray(ValueLayout.JAVA_INT);
      assertThat(part.byteSize()).isEqualTo(64 + 64 + 4 + 4 + 8 + 12);
      assertThat(new String(part.asSlice(0, 8).toArray(ValueLayout.JAVA_BYTE), US_ASCII))
          .isEqualTo("KithList");
      assertThat(ints).startsWith(ints[0], ints[1], 1, 1, 3, 1, 1, 1, 64 + 64 + 384, 0);
      assertThat(ints[10]).isEqualTo(Checksums.crc32c(part(data.parts(), ListData.CODES)));
      assertThat(ints[11]).isEqualTo(Checksums.crc32c(part.asSlice(64)));
      assertThat(ints[15]).isEqualTo(Checksums.crc32c(part.asSlice(0, 60)));
      assertThat(Float.intBitsToFloat(ints[32])).isEqualTo(2 / 3f); // mean of 0, 1 and 1
      assertThat(Float.intBitsToFloat(ints[33])).isBetween(2 / 3f, 0.66667f);
      assertThat(ints).endsWith(0, 3, 0, 1, 2);
    }
  }
}
