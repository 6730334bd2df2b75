package dev.kith.db.point;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The user's key of a point: an unsigned 64-bit number, a UUID, or a string. Ids are ordered by
 * their {@link #bytes}, compared unsigned: numbers by value, then UUIDs, then strings by their
 * UTF-8. That order decides between points that are equally near.
 */
public sealed interface PointId extends Comparable<PointId> {
  /** The most bytes of UTF-8 in a string id. */
  int MAX_TEXT = 1024;

  /**
   * An unsigned number.
   *
   * @param value its 64 bits
   */
  @SuppressWarnings("AvoidCommonTypeNames") // always written PointId.Number
  record Number(long value) implements PointId {
    @Override
    public byte[] bytes() {
      return ByteBuffer.allocate(9).put(NUMBER).putLong(value).array();
    }

    @Override
    public String toString() {
      return Long.toUnsignedString(value);
    }
  }

  /**
   * A UUID.
   *
   * @param value of any version
   */
  record Uuid(UUID value) implements PointId {
    @Override
    public byte[] bytes() {
      return ByteBuffer.allocate(17)
          .put(UUID_ID)
          .putLong(value.getMostSignificantBits())
          .putLong(value.getLeastSignificantBits())
          .array();
    }

    @Override
    public String toString() {
      return value.toString();
    }
  }

  /**
   * A string.
   *
   * @param value 1 to {@link #MAX_TEXT} bytes of UTF-8
   */
  record Text(String value) implements PointId {
    /** Checks the length and that it is Unicode. */
    public Text {
      var utf8 = StandardCharsets.UTF_8.newEncoder();
      if (!utf8.canEncode(value)) {
        throw new IllegalArgumentException("an id must be Unicode text: it has half a surrogate");
      }
      int length = value.getBytes(StandardCharsets.UTF_8).length;
      if (length < 1 || length > MAX_TEXT) {
        throw new IllegalArgumentException(
            "an id must have 1 to %d bytes of UTF-8: bytes=%d".formatted(MAX_TEXT, length));
      }
    }

    @Override
    public byte[] bytes() {
      var utf8 = value.getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.allocate(1 + utf8.length).put(TEXT).put(utf8).array();
    }

    @Override
    public String toString() {
      return value;
    }
  }

  /** First byte of a number's {@link #bytes}. */
  byte NUMBER = 1;

  /** First byte of a UUID's. */
  byte UUID_ID = 2;

  /** First byte of a string's. */
  byte TEXT = 3;

  /** A byte for the kind, then 8 bytes big-endian, 16 bytes big-endian, or UTF-8. */
  byte[] bytes();

  @Override
  default int compareTo(PointId other) {
    return Arrays.compareUnsigned(bytes(), other.bytes());
  }

  /** A number, whose bits are taken as unsigned. */
  static PointId of(long value) {
    return new Number(value);
  }

  /** A UUID. */
  static PointId of(UUID value) {
    return new Uuid(value);
  }

  /** A string, also where it looks like a number or a UUID; see {@link #parse}. */
  static PointId of(String value) {
    return new Text(value);
  }

  /**
   * What someone typed: decimal digits without a leading zero, below 2^64, are a number, the usual
   * form of a UUID in lower case is one, all else is a string.
   */
  static PointId parse(String text) {
    if (Forms.NUMBER.matcher(text).matches()) {
      try {
        return new Number(Long.parseUnsignedLong(text));
      } catch (NumberFormatException e) {
        return new Text(text); // 2^64 or more
      }
    }
    return Forms.UUID.matcher(text).matches() ? new Uuid(UUID.fromString(text)) : new Text(text);
  }

  /** What {@link #bytes} made. */
  static PointId ofBytes(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes);
    return switch (in.get()) {
      case NUMBER -> new Number(in.getLong());
      case UUID_ID -> new Uuid(new UUID(in.getLong(), in.getLong()));
      case TEXT -> new Text(new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8));
      default -> throw new IllegalArgumentException("not the bytes of an id: first=" + bytes[0]);
    };
  }

  /** The forms that {@link #parse} knows. */
  final class Forms {
    private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,19}");
    private static final Pattern UUID =
        Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private Forms() {}
  }
}
