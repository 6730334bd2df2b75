package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.db.filter.Value;
import dev.kith.db.json.Times;
import dev.kith.db.point.Payload;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.NumericUtils;
import org.jspecify.annotations.Nullable;

/**
 * The index of what payloads have at paths that no schema names.
 *
 * <p>Implementation notes. All paths share the terms of one Lucene field, {@link #FIELD}, so a key
 * that is first met now changes no older point and makes no new field, of which Lucene keeps a
 * record in every segment. A term is
 *
 * <pre>
 * path in UTF-8, 0, kind, value
 *   e           something is there, an object too
 *   s           a string of at most {@value #MAX_STRING} bytes, in UTF-8
 *   h           a longer one, as its SHA-256: its payload decides
 *   b           0 or 1
 *   n           a number: the greatest float64 that is not above it and, if not 0, the rest as a
 *               float64, both in Lucene's sortable bytes, so that terms are in the numbers' order
 *   t           a string that is a date or an instant: milliseconds since 1970, sortable
 * </pre>
 *
 * A path has no control character, so that the 0 ends it. A payload is indexed whole or not at all:
 * one of more than {@value #MAX_TERMS} terms, or with a path that no schema could name, is not, and
 * neither are points that an earlier Kith wrote. Points that are indexed have the term {@link
 * #INDEXED}; of all others filters read the payloads.
 */
final class UnnamedFields {
  /** The Lucene field. */
  static final String FIELD = "_unnamed";

  /** The term of points that are indexed here. */
  static final BytesRef INDEXED = new BytesRef(new byte[] {0});

  /** The most terms of a point. */
  static final int MAX_TERMS = 1024;

  /** The most bytes of UTF-8 in a string that is a term itself. */
  static final int MAX_STRING = 256;

  private static final int MAX_PATH = 256;

  /** The most characters of a date or an instant that is looked for in strings. */
  private static final int MAX_TIME = 64;

  /** Where whole float64 end to fit a long. */
  private static final double LONG_END = 0x1p63;

  private final Map<String, Object> values;
  private final Predicate<String> named;
  private final Set<BytesRef> terms = new LinkedHashSet<>();

  private UnnamedFields(Map<String, Object> values, Predicate<String> named) {
    this.values = values;
    this.named = named;
  }

  /** A payload that is not indexed. */
  private static final class UnfitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnfitException() {
      super("the payload has too many values, or a path that cannot be named", null, false, false);
    }
  }

  /** The Lucene fields of a payload; none if it is not indexed. */
  static List<IndexableField> of(Payload payload, Predicate<String> named) {
    var fields = new ArrayList<IndexableField>();
    for (var term : terms(payload, named)) {
      fields.add(new StringField(FIELD, term, Store.NO));
    }
    return fields;
  }

  /**
   * The terms of a payload, {@link #INDEXED} among them; none if it is not indexed.
   *
   * @param named whether a path is left out, since the schema names it
   */
  static Set<BytesRef> terms(Payload payload, Predicate<String> named) {
    var fields = new UnnamedFields(payload.values(), named);
    try {
      fields.terms.add(INDEXED);
      fields.object(payload.values(), "");
      return fields.terms;
    } catch (UnfitException _) {
      return Set.of();
    }
  }

  private void object(Map<?, ?> object, String prefix) {
    for (var entry : object.entrySet()) {
      String key = (String) entry.getKey();
      boolean dotted = key.indexOf('.') >= 0;
      if (!dotted) {
        value(prefix + key, entry.getValue(), true);
      } else if (prefix.isEmpty()) {
        value(key, entry.getValue(), false);
      } // no path leads to a key with dots inside an object
    }
  }

  /**
   * Adds the terms of a value.
   *
   * @param leads whether longer paths lead through it; else it is at a key that is a whole path
   */
  private void value(String path, @Nullable Object value, boolean leads) {
    switch (value) {
      case null -> {}
      case List<?> list -> list.forEach(element -> value(path, element, leads));
      case Map<?, ?> object -> {
        add(path, leads, 'e', new byte[0]);
        if (leads) {
          object(object, path + '.');
        }
      }
      default -> {
        add(path, leads, 'e', new byte[0]);
        scalar(path, leads, value);
      }
    }
  }

  private void scalar(String path, boolean leads, Object value) {
    switch (value) {
      case String text -> {
        var utf8 = text.getBytes(UTF_8);
        boolean isShort = utf8.length <= MAX_STRING;
        add(path, leads, isShort ? 's' : 'h', isShort ? utf8 : hash(utf8));
        var millis = millis(text);
        if (millis != null) {
          add(path, leads, 't', sortable(millis));
        }
      }
      case Boolean truth -> add(path, leads, 'b', bytes(truth));
      default -> add(path, leads, 'n', bytes(Numeral.of(value)));
    }
  }

  /** A key that is the whole path goes before what the path leads to. */
  private void add(String path, boolean leads, char kind, byte[] value) {
    if (path.isEmpty()
        || named.test(path)
        || (leads && path.indexOf('.') >= 0 && values.containsKey(path))) {
      return;
    }
    if (!isPath(path)) {
      throw new UnfitException();
    }
    terms.add(term(path, kind, value));
    if (terms.size() > MAX_TERMS) {
      throw new UnfitException();
    }
  }

  /** Whether values at that path are indexed. */
  private static boolean isPath(String path) {
    return path.length() <= MAX_PATH && path.codePoints().noneMatch(Character::isISOControl);
  }

  /** The term of a value at a path. */
  static BytesRef term(String path, char kind, byte[] value) {
    var utf8 = path.getBytes(UTF_8);
    var bytes = new byte[utf8.length + 2 + value.length];
    System.arraycopy(utf8, 0, bytes, 0, utf8.length);
    bytes[utf8.length + 1] = (byte) kind;
    System.arraycopy(value, 0, bytes, utf8.length + 2, value.length);
    return new BytesRef(bytes);
  }

  /** The path of a term, or the empty string of {@link #INDEXED}. */
  static String path(BytesRef term) {
    int end = term.offset;
    while (term.bytes[end] != 0) {
      end++;
    }
    return new String(term.bytes, term.offset, end - term.offset, UTF_8);
  }

  /** The term of a value that points may equal; of a long string it needs a look at payloads. */
  static BytesRef term(String path, Value value) {
    return switch (value) {
      case Value.Text(var text) -> {
        var utf8 = text.getBytes(UTF_8);
        yield utf8.length <= MAX_STRING ? term(path, 's', utf8) : term(path, 'h', hash(utf8));
      }
      case Value.Bool(var truth) -> term(path, 'b', bytes(truth));
      case Value.Whole(var whole) -> term(path, 'n', bytes(Numeral.of(whole)));
      case Value.Real(var real) -> term(path, 'n', bytes(Numeral.of(real)));
    };
  }

  /** Whether a string is no term itself. */
  static boolean isLong(String text) {
    return text.length() > MAX_STRING / 3 && text.getBytes(UTF_8).length > MAX_STRING;
  }

  private static byte[] bytes(boolean truth) {
    return new byte[] {(byte) (truth ? '1' : '0')};
  }

  /** A number's sortable bytes. */
  static byte[] bytes(Numeral number) {
    var bytes = new byte[number.rest == 0 ? Long.BYTES : 2 * Long.BYTES];
    NumericUtils.longToSortableBytes(NumericUtils.doubleToSortableLong(number.floor), bytes, 0);
    if (number.rest != 0) {
      long rest = NumericUtils.doubleToSortableLong(number.rest);
      NumericUtils.longToSortableBytes(rest, bytes, Long.BYTES);
    }
    return bytes;
  }

  /** The number of a term that has one. */
  static Numeral number(byte[] bytes) {
    long floor = NumericUtils.sortableBytesToLong(bytes, 0);
    long rest =
        bytes.length == Long.BYTES ? 0 : NumericUtils.sortableBytesToLong(bytes, Long.BYTES);
    return new Numeral(
        NumericUtils.sortableLongToDouble(floor), NumericUtils.sortableLongToDouble(rest));
  }

  /** Sortable bytes of milliseconds. */
  static byte[] sortable(long millis) {
    var bytes = new byte[Long.BYTES];
    NumericUtils.longToSortableBytes(millis, bytes, 0);
    return bytes;
  }

  /** The milliseconds of a string that is a date or an instant, else null. */
  static @Nullable Long millis(String text) {
    return text.length() > MAX_TIME ? null : Times.millis(text);
  }

  private static byte[] hash(byte[] utf8) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(utf8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * A number as filters compare it: one of 64 bits that is written without point and exponent
   * exactly, any other as its nearest float64, which may be infinite.
   *
   * @param floor the greatest float64 that is not above it; never -0.0
   * @param rest what is left, 0 or more
   */
  record Numeral(double floor, double rest) implements Comparable<Numeral> {
    /** Of a JSON number. */
    static Numeral of(Object value) {
      return switch (value) {
        case Integer whole -> of(whole.longValue());
        case Long whole -> of(whole.longValue());
        case BigInteger whole when whole.bitLength() < Long.SIZE -> of(whole.longValue());
        case Number number -> of(number.doubleValue());
        default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
      };
    }

    static Numeral of(double real) {
      return new Numeral(real + 0.0, 0);
    }

    static Numeral of(long whole) {
      double floor = whole;
      if (floor == LONG_END || (long) floor > whole) {
        floor = Math.nextDown(floor);
      }
      return new Numeral(floor + 0.0, whole - (long) floor);
    }

    @Override
    public int compareTo(Numeral other) {
      int sign = Double.compare(floor, other.floor);
      return sign != 0 ? sign : Double.compare(rest, other.rest);
    }

    /** As JSON has it. */
    @Override
    public String toString() {
      boolean isWhole = floor == Math.rint(floor) && floor >= -LONG_END && floor < LONG_END;
      return isWhole ? Long.toString((long) floor + (long) rest) : Double.toString(floor);
    }
  }
}
