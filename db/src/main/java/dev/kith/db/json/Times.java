package dev.kith.db.json;

import static java.util.Objects.requireNonNull;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Dates and instants of ISO 8601 and RFC 3339, as datetime fields keep them: {@code 2024-05-01},
 * {@code 2024-05-01T10:00:00.5+09:00}, both also without their hyphens and colons. A blank may
 * stand for {@code T}, as SQL and Python write it, and before the offset, which may be hours alone.
 */
public final class Times {
  private static final DateTimeFormatter ISO =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .optionalStart()
          .appendLiteral('T')
          .append(DateTimeFormatter.ISO_LOCAL_TIME)
          .optionalStart()
          .appendOffsetId()
          .toFormatter(Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  private static final Pattern FORM =
      Pattern.compile(
          "([+-]?[0-9]{4,10}-[0-9]{2}-[0-9]{2}|[0-9]{8})" // the date
              + "(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?|[0-9]{4}(?:[0-9]{2})?)" // the time
              + "(?:[.,]([0-9]*))?" // of a second
              + "(?: ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?))?)?"); // the offset
  private static final int NANO_DIGITS = 9;

  /** Characters of a date without hyphens. */
  private static final int BASIC_DATE = 8;

  private Times() {}

  /**
   * Milliseconds since 1970, rounded down. A date alone is its midnight; without an offset it is
   * UTC.
   *
   * @return null if it is neither a date nor an instant, or none that fits 64 bits
   */
  public static @Nullable Long millis(String text) {
    var instant = instant(text);
    try {
      return instant == null ? null : instant.toEpochMilli();
    } catch (ArithmeticException e) {
      return null;
    }
  }

  /**
   * The instant, to the nanosecond. A date alone is its midnight; without an offset it is UTC.
   *
   * @return null if it is neither a date nor an instant
   */
  public static @Nullable Instant instant(String text) {
    var form = FORM.matcher(text);
    if (!form.matches()) {
      return null;
    }
    try {
      return instant(
          ISO.parseBest(usual(form), OffsetDateTime::from, LocalDateTime::from, LocalDate::from));
    } catch (DateTimeException | ArithmeticException e) {
      return null;
    }
  }

  /** The form that Java reads. */
  private static String usual(MatchResult form) {
    String date = requireNonNull(form.group(1));
    var usual = new StringBuilder(date.length() > BASIC_DATE ? date : grouped(date, "-", 4));
    String time = form.group(2);
    if (time != null) {
      usual.append('T').append(time.indexOf(':') > 0 ? time : grouped(time, ":", 2));
    }
    String fraction = form.group(3);
    if (fraction != null) {
      usual.append('.').append(fraction, 0, Math.min(fraction.length(), NANO_DIGITS));
    }
    String offset = form.group(4);
    if (offset != null) {
      usual.append(
          offset.equalsIgnoreCase("Z")
              ? "Z"
              : grouped(offset.replace(":", ""), ":", 3) + (offset.length() == 3 ? ":00" : ""));
    }
    return usual.toString();
  }

  /** Digits with separators: after the first ones, and then after every two. */
  private static String grouped(String digits, String separator, int first) {
    var grouped = new StringBuilder(digits.substring(0, first));
    for (int at = first; at < digits.length(); at += 2) {
      grouped.append(separator).append(digits, at, at + 2);
    }
    return grouped.toString();
  }

  private static Instant instant(TemporalAccessor parsed) {
    return switch (parsed) {
      case OffsetDateTime time -> time.toInstant();
      case LocalDateTime time -> time.toInstant(ZoneOffset.UTC);
      default -> LocalDate.from(parsed).atStartOfDay().toInstant(ZoneOffset.UTC);
    };
  }
}
