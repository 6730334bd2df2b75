package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class PointCodecTest {
  private static final List<Point> POINTS =
      List.of(
          Point.of(PointId.of(-1), new float[] {1, -0.0f}, Payload.of("a", 1)),
          new Point(
              PointId.of(new UUID(1, 2)),
              Map.of("bild", new float[] {Float.MIN_VALUE}, "gr\u00fcn", new float[0]),
              Payload.EMPTY),
          new Point(PointId.of("\uD83D\uDE00"), Map.of(), Payload.parse("{\"x\":[1.50,null]}")));

  @Test
  void upsert_readBack_isTheSame() {
    var change = PointCodec.read(PointCodec.upsert(POINTS));
    assertThat(change.deletes()).isEmpty();
    same(change.upserts());
  }

  private static void same(List<Point> found) {
    assertThat(found).hasSize(POINTS.size());
    for (int i = 0; i < POINTS.size(); i++) {
      var expected = POINTS.get(i);
      assertThat(found.get(i).id()).isEqualTo(expected.id());
      assertThat(found.get(i).payload().utf8()).isEqualTo(expected.payload().utf8());
      assertThat(found.get(i).vectors().keySet()).isEqualTo(expected.vectors().keySet());
      found
          .get(i)
          .vectors()
          .forEach((name, vector) -> assertThat(vector).isEqualTo(expected.vector(name)));
    }
  }

  @Test
  void delete_readBack_isTheSame() {
    var ids = POINTS.stream().map(Point::id).toList();
    var change = PointCodec.read(PointCodec.delete(ids));
    assertThat(change.upserts()).isEmpty();
    assertThat(change.deletes()).isEqualTo(ids);
  }

  /** The example of docs/formats/collection.md. */
  @Test
  void upsert_bytes_areTheFormats() {
    var point = Point.of(PointId.of(7), new float[] {1}, Payload.of("a", 1));
    assertThat(hex(PointCodec.upsert(List.of(point))))
        .isEqualTo(
            "01 01000000"
                + " 0900 010000000000000007"
                + " 0100 0600 766563746f72 01000000 0000803f"
                + " 07000000 7b2261223a317d");
    assertThat(hex(PointCodec.delete(List.of(PointId.of("x"))))).isEqualTo("02 01000000 0200 0378");
  }

  /** With the blanks that the expected texts have. */
  private static String hex(ByteBuffer bytes) {
    var all = new byte[bytes.remaining()];
    bytes.duplicate().get(all);
    String digits = HexFormat.of().formatHex(all);
    return all[0] == 1 ? blanks(digits, 2, 8, 4, 18, 4, 4, 12, 8, 8, 8) : blanks(digits, 2, 8, 4);
  }

  private static String blanks(String digits, int... lengths) {
    var parts = new ArrayList<String>();
    int at = 0;
    for (int length : lengths) {
      parts.add(digits.substring(at, at + length));
      at += length;
    }
    parts.add(digits.substring(at));
    return String.join(" ", parts);
  }

  @Test
  void read_ofDamagedBytes_refusesOrGivesPoints(SplittableRandom random) {
    var whole = PointCodec.upsert(POINTS);
    for (int round = 0; round < 20_000 * Seeded.effort(); round++) {
      var bytes = new byte[random.nextInt(whole.remaining() + 8)];
      whole.duplicate().get(bytes, 0, Math.min(bytes.length, whole.remaining()));
      for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        PointCodec.read(ByteBuffer.wrap(bytes));
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }
}
