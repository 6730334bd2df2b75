package dev.kith.core.graph;

import static dev.kith.core.testing.Parts.copies;
import static dev.kith.core.testing.Parts.flip;
import static dev.kith.core.testing.Parts.part;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class GraphDataTest {
  private static final GraphSpec SPEC = (GraphSpec) IndexSpec.parse("graph(r=8)");

  private static GraphData build(VectorSource rows, Metric metric) {
    return (GraphData) Backends.builderOf(SPEC).build(rows, metric, BuildOptions.defaults());
  }

  @Test
  void open_storedParts_isTheSameGraph(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 200, 9))) {
      for (var metric : Metric.values()) {
        var data = build(source, metric);
        var opened = GraphData.open(source, metric, SPEC, copies(data));
        opened.verify();
        assertThat(opened.pivots()).isEqualTo(data.pivots());
        assertThat(opened.reached()).isEqualTo(200);
        for (int row = 0; row < 200; row++) {
          assertThat(opened.graph().neighbours(row)).isEqualTo(data.graph().neighbours(row));
        }
      }
    }
  }

  @Test
  void open_noRows_isAnEmptyGraph() {
    try (var some = VectorSource.of(new float[][] {{1, 2}})) {
      var none = some.slice(0, 0);
      var opened = GraphData.open(none, Metric.DOT, SPEC, copies(build(none, Metric.DOT)));
      opened.verify();
      assertThat(opened.graph().size()).isZero();
    }
  }

  @Test
  void open_headerByteFlipped_isRefused(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 4))) {
      var data = build(source, Metric.L2);
      for (int at = 0; at < GraphPart.HEADER; at++) {
        var parts = copies(data);
        flip(part(parts, GraphData.GRAPH), at, 1 + random.nextInt(255));
        assertThatThrownBy(() -> GraphData.open(source, Metric.L2, SPEC, parts))
            .as("byte %d", at)
            .isInstanceOf(VectorDataException.class)
            .hasMessageMatching("the part graph .*: rows=memory, offset in the part=.*");
      }
    }
  }

  @Test
  void openOrVerify_bodyByteFlipped_isFound(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 4))) {
      var data = build(source, Metric.L2);
      for (int round = 0; round < 100; round++) {
        var parts = copies(data);
        var name = random.nextBoolean() ? GraphData.GRAPH : GraphData.CODES;
        var part = part(parts, name);
        long first = name.equals(GraphData.GRAPH) ? GraphPart.HEADER : 0;
        flip(part, random.nextLong(first, part.byteSize()), 1 + random.nextInt(255));
        assertThatThrownBy(() -> GraphData.open(source, Metric.L2, SPEC, parts).verify())
            .isInstanceOf(VectorDataException.class)
            .hasMessageStartingWith("the part graph must ");
      }
    }
  }

  @Test
  void open_otherRowsMetricOrSpec_isRefused(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 4));
        var wide = VectorSource.of(TestVectors.gaussians(random, 50, 5))) {
      var parts = copies(build(source, Metric.L2));
      assertRefused(() -> GraphData.open(source, Metric.DOT, SPEC, parts), "for this metric");
      assertRefused(() -> GraphData.open(wide, Metric.L2, SPEC, parts), "the rows' dimension");
      assertRefused(
          () -> GraphData.open(source.slice(0, 49), Metric.L2, SPEC, parts), "of these rows");
      var other = (GraphSpec) IndexSpec.parse("graph(r=12)");
      assertRefused(() -> GraphData.open(source, Metric.L2, other, parts), "as the spec says");
      // Codes of another build, of the same length.
      var codes = copies(build(source.slice(0, 50), Metric.L2));
      flip(part(codes, GraphData.CODES), 200, 1);
      parts.put(GraphData.CODES, part(codes, GraphData.CODES));
      var mixed = GraphData.open(source, Metric.L2, SPEC, parts);
      assertRefused(mixed::verify, "the codes that it was built of");
      parts.remove(GraphData.CODES);
      assertThatThrownBy(() -> GraphData.open(source, Metric.L2, SPEC, parts))
          .hasMessage(
              "a graph needs its part codes: rows=memory, found=[graph, curve]; build the index"
                  + " again");
    }
  }

  @Test
  void open_projectedCodes_dimensionsAreInTheHeader(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 50, 9))) {
      var spec = (GraphSpec) IndexSpec.parse("graph(r=8,codes=int8,dims=5)");
      var data =
          (GraphData) Backends.builderOf(spec).build(source, Metric.L2, BuildOptions.defaults());
      var parts = copies(data);
      // Space, step and scale in 64 bytes, a line of 64 bytes an axis; a line and a term a row.
      assertThat(part(parts, GraphData.CODES).byteSize()).isEqualTo(64 + 5 * 64 + 50 * (64 + 4));
      assertThat(part(parts, GraphData.GRAPH).get(ValueLayout.JAVA_INT, 36)).isEqualTo(8 | 5 << 8);
      var opened = GraphData.open(source, Metric.L2, spec, parts);
      opened.verify();
      assertThat(opened.codedDimensions()).isEqualTo(5);
      // An axis changed, and the checksum of the codes with it.
      flip(part(parts, GraphData.CODES), 64, 3);
      resum(parts);
      var changed = GraphData.open(source, Metric.L2, spec, parts);
      assertThatThrownBy(changed::verify)
          .isInstanceOf(VectorDataException.class)
          .hasMessageStartingWith("codes must be of these rows: rows=memory, row ");
      part(parts, GraphData.GRAPH).set(ValueLayout.JAVA_INT, 36, 8 | 10 << 8);
      resum(parts);
      assertThatThrownBy(() -> GraphData.open(source, Metric.L2, spec, parts))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "the part graph must have codes of as many dimensions as rows have, at most:"
                  + " rows=memory, offset in the part=37, expected=0 to 9, found=10; restore"
                  + " the index, or build it again");
    }
  }

  /** Sets the checksums that a header of {@code parts} holds of the codes and of itself. */
  private static void resum(Map<String, MemorySegment> parts) {
    var header = part(parts, GraphData.GRAPH);
    header.set(ValueLayout.JAVA_INT, 48, Checksums.crc32c(part(parts, GraphData.CODES)));
    header.set(ValueLayout.JAVA_INT, 60, Checksums.crc32c(header.asSlice(0, 60)));
  }

  private static void assertRefused(Runnable open, String rule) {
    assertThatThrownBy(open::run)
        .isInstanceOf(VectorDataException.class)
        .hasMessageContaining(rule)
        .hasMessageEndingWith("restore the index, or build it again");
  }

  /** Damage that a checksum would hide, had it been written with it. */
  @Test
  void verify_falseGraph_isNamed(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 3000, 4))) {
      var data = build(source, Metric.L2);
      assertFault(data, source, 2000, links -> links[3] = 2000, "row 2000 has a link to itself");
      assertFault(
          data, source, 1, links -> links[2] = 3000, "row 1 has a link to row 3000 of 3000");
      assertFault(data, source, 5, links -> links[0] = -7, "row 5 has a link to row 4294967289");
      assertFault(data, source, 5, links -> links[0] = Graph.NONE, "row 5 has a link to row 42949");
      int twice = data.graph().neighbours(2999)[0];
      assertFault(
          data, source, 2999, links -> links[1] = twice, "row 2999 has two links to row " + twice);
      assertThatThrownBy(
              () ->
                  new GraphCheck(source, data.graph())
                      .check(data.pivots(), data.pivots(), data.reached() - 1, data.codes()))
          .hasMessage(
              "links must reach what was counted: rows=memory, expected=2999 rows, found=3000;"
                  + " restore the index, or build it again");
      assertThatThrownBy(
              () ->
                  new GraphCheck(source, data.graph())
                      .check(new int[] {4, 4}, new int[] {4}, 3000, data.codes()))
          .hasMessageStartingWith("pivots must differ: rows=memory, row 4 is one twice");
    }
  }

  private static void assertFault(
      GraphData data, VectorSource rows, int row, Consumer<int[]> change, String message) {
    var copy = Arena.ofAuto().allocate(data.graph().links().byteSize(), 64);
    copy.copyFrom(data.graph().links());
    var graph = new Graph(copy, data.graph().size(), data.graph().degree());
    var links = graph.neighbours(row);
    assertThat(links).hasSizeGreaterThan(3);
    change.accept(links);
    graph.setNeighbours(row, links, links.length);
    assertThatThrownBy(
            () ->
                new GraphCheck(rows, graph)
                    .check(data.pivots(), data.pivots(), data.reached(), data.codes()))
        .isInstanceOf(VectorDataException.class)
        .hasMessageContaining(message);
  }

  @Test
  void verify_rowChanged_isNamed(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 900, 4);
    try (var source = VectorSource.of(rows)) {
      var parts = copies(build(source, Metric.L2));
      rows[700] = TestVectors.gaussian(random, 4);
      rows[701] = TestVectors.gaussian(random, 4);
      try (var changed = VectorSource.of(rows)) {
        var data = GraphData.open(changed, Metric.L2, SPEC, parts);
        assertThatThrownBy(data::verify)
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("row 700 has another code");
      }
    }
  }

  @Test
  void header_bytes_areThoseOfTheFormatPage() {
    try (var source = VectorSource.of(new float[] {0}, new float[] {1}, new float[] {3})) {
      var part = part(build(source, Metric.COSINE).parts(), GraphData.GRAPH);
      var ints = part.asSlice(0, 64).toArray(ValueLayout.JAVA_INT);
      assertThat(part.byteSize()).isEqualTo(64 + 64 + 3 * 8 * 4);
      assertThat(new String(part.asSlice(0, 8).toArray(ValueLayout.JAVA_BYTE), US_ASCII))
          .isEqualTo("KithGrph");
      long codes = 64 + 3 * 64 + 3 * 4; // space and step in 64 bytes, a line and a term a row
      assertThat(ints).startsWith(ints[0], ints[1], 1, 1, 3, 1, 8, 3, 3, 4, (int) codes, 0);
      assertThat(ints[13]).isEqualTo(Checksums.crc32c(part.asSlice(64)));
      assertThat(ints[14]).isZero();
      assertThat(ints[15]).isEqualTo(Checksums.crc32c(part.asSlice(0, 60)));
    }
  }
}
