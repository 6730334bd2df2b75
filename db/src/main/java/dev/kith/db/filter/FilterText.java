package dev.kith.db.filter;

import dev.kith.db.filter.Filter.All;
import dev.kith.db.filter.Filter.Any;
import dev.kith.db.filter.Filter.Between;
import dev.kith.db.filter.Filter.Box;
import dev.kith.db.filter.Filter.Compare;
import dev.kith.db.filter.Filter.Ids;
import dev.kith.db.filter.Filter.IsNull;
import dev.kith.db.filter.Filter.Not;
import dev.kith.db.filter.Filter.OneOf;
import dev.kith.db.filter.Filter.Radius;
import dev.kith.db.filter.Filter.Words;
import dev.kith.db.point.PointId;
import java.util.List;
import java.util.stream.Collectors;

/** Writes filters as text that {@link FilterParser} reads. */
final class FilterText {
  private FilterText() {}

  static String of(Filter filter) {
    return switch (filter) {
      case All(var parts) when parts.isEmpty() -> "true";
      case All(var parts) ->
          parts.stream()
              .map(part -> part instanceof Any(var any) && !any.isEmpty() ? nested(part) : of(part))
              .collect(Collectors.joining(" && "));
      case Any(var parts) when parts.isEmpty() -> "false";
      case Any(var parts) -> parts.stream().map(FilterText::of).collect(Collectors.joining(" || "));
      case Not(OneOf(var field, var values)) when values.size() == 1 ->
          field + " != " + values.getFirst();
      case Not(OneOf(var field, var values)) -> field + " not in " + values;
      case Not(IsNull(var field)) -> field + " != null";
      case Not(Ids(var ids)) -> "id not in " + list(ids);
      case Not(var inner) -> "!" + nested(inner);
      case OneOf(var field, var values) when values.size() == 1 ->
          field + " == " + values.getFirst();
      case OneOf(var field, var values) -> field + " in " + values;
      case Compare(var field, var order, var value) -> field + " " + order + " " + value;
      case Between(var field, var low, var high) -> field + " in " + low + ".." + high;
      case IsNull(var field) -> field + " == null";
      case Words(var field, var words) -> field + " ~ " + quoted(words, '\'');
      case Radius(var field, var lat, var lon, var metres) ->
          "geo_radius(%s, %s, %s, %sm)".formatted(field, number(lat), number(lon), number(metres));
      case Box(var field, var top, var left, var bottom, var right) ->
          "geo_box(%s, %s, %s, %s, %s)"
              .formatted(field, number(top), number(left), number(bottom), number(right));
      case Ids(var ids) -> "id in " + list(ids);
    };
  }

  private static String nested(Filter filter) {
    return "(" + of(filter) + ")";
  }

  private static String list(List<PointId> ids) {
    return ids.stream().map(FilterText::id).collect(Collectors.joining(", ", "[", "]"));
  }

  /** A string that looks like a UUID is marked as text, since a bare one would be a UUID. */
  private static String id(PointId id) {
    return switch (id) {
      case PointId.Number number -> number.toString();
      case PointId.Uuid uuid -> quoted(uuid.toString(), '\'');
      case PointId.Text(var text) when PointId.parse(text) instanceof PointId.Uuid ->
          "text(" + quoted(text, '\'') + ")";
      case PointId.Text(var text) -> quoted(text, '\'');
    };
  }

  /** Without a fraction where there is none. */
  private static String number(double value) {
    long whole = (long) value;
    return whole == value && Math.abs(whole) < 1_000_000_000_000L
        ? Long.toString(whole)
        : Double.toString(value);
  }

  static String name(String path) {
    return FilterParser.isPlainName(path) ? path : quoted(path, '`');
  }

  /** On one line, whatever it holds. */
  static String quoted(String text, char quote) {
    var out = new StringBuilder().append(quote);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c == quote || c == '\\') {
            out.append('\\').append(c);
          } else if (breaksLines(c)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append(quote).toString();
  }

  /** True of characters that do not belong on a line of text. */
  static boolean breaksLines(char c) {
    return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
  }
}
