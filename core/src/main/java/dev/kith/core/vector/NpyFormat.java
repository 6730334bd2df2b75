package dev.kith.core.vector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * NumPy's file format, versions 1 to 3, for two-dimensional arrays that a {@link VectorSource} can
 * serve in place.
 *
 * <pre>
 * offset  size  field
 * 0       6     93 'N' 'U' 'M' 'P' 'Y'
 * 6       2     version: major, minor
 * 8       2|4   h, header length: u16 in version 1, u32 in 2 and 3
 * 10|12   h     ASCII dictionary: descr, fortran_order, shape; blanks; newline
 * then          shape[0] rows of shape[1] elements, without gaps, to the end of the file
 * </pre>
 */
final class NpyFormat {
  private static final String MAGIC = "\u0093NUMPY";
  private static final int ALIGNMENT = 64;

  /** A header of a plain array takes some hundred bytes. */
  private static final int MAX_HEADER = 1 << 16;

  private static final Map<String, ElementType> TYPES =
      Map.of(
          "<f4", ElementType.FLOAT32,
          "<f2", ElementType.FLOAT16,
          "|i1", ElementType.INT8,
          "<i1", ElementType.INT8,
          "|u1", ElementType.UINT8,
          "<u1", ElementType.UINT8);
  private static final Pattern DESCR =
      Pattern.compile("['\"]descr['\"]\\s{0,9}:\\s{0,9}['\"]([^'\"]{0,32})['\"]");
  private static final Pattern STRUCTURE = Pattern.compile("['\"]descr['\"]\\s{0,9}:\\s{0,9}(\\[)");
  private static final Pattern ORDER =
      Pattern.compile("['\"]fortran_order['\"]\\s{0,9}:\\s{0,9}(True|False)");
  private static final Pattern SHAPE =
      Pattern.compile("['\"]shape['\"]\\s{0,9}:\\s{0,9}\\(([^)]{0,64})\\)");
  private static final Pattern ROWS_AND_COLUMNS =
      Pattern.compile("\\s*(\\d{1,18})L?\\s*,\\s*(\\d{1,9})L?\\s*,?\\s*");

  private NpyFormat() {}

  static VectorSource open(Path path) throws IOException {
    return MappedFile.open(path, NpyFormat::read);
  }

  private static VectorSource read(MappedFile file) {
    long length = file.bytes().byteSize();
    if (length < 12 || !text(file, 0, 6).equals(MAGIC)) {
      throw file.damaged(
          "a .npy file starts with its magic",
          0,
          "\\x93NUMPY",
          hex(file, Math.min(length, 6)),
          "is it another format? write it with numpy.save");
    }
    int major = file.bytes().get(ValueLayout.JAVA_BYTE, 6);
    if (major < 1 || major > 3) {
      throw file.damaged(
          "the .npy version must be known", 6, "1, 2 or 3", major, "write it with numpy.save");
    }
    int headerAt = major == 1 ? 10 : 12;
    long headerLength =
        major == 1
            ? file.bytes().get(ElementType.SHORT, 8) & 0xffff
            : file.bytes().get(ElementType.INT, 8) & 0xffffffffL;
    long dataAt = headerAt + headerLength;
    if (dataAt > length || headerLength > MAX_HEADER) {
      throw file.damaged(
          "the .npy header must lie in the file",
          8,
          "at most " + Math.min(length - headerAt, MAX_HEADER) + " bytes",
          headerLength,
          "the file is cut short or damaged; copy it again");
    }
    String header = text(file, headerAt, (int) headerLength);

    String descr = field(DESCR, header);
    var type = descr == null ? null : TYPES.get(descr);
    if (type == null && field(STRUCTURE, header) != null) {
      throw file.damaged(
          "the .npy element type must be one that Kith reads",
          headerAt,
          "'<f4', '<f2', '|i1' or '|u1'",
          "a structure of fields",
          "save one of them, such as array['vector']");
    }
    if (type == null && "|O".equals(descr)) {
      throw file.damaged(
          "the .npy element type must be one that Kith reads",
          headerAt,
          "'<f4', '<f2', '|i1' or '|u1'",
          "'|O', pickled objects, which are never read",
          "save numpy.stack(array).astype('<f4')");
    }
    if (type == null) {
      throw file.damaged(
          "the .npy element type must be one that Kith reads",
          headerAt,
          "'<f4', '<f2', '|i1' or '|u1'",
          descr == null ? "none" : "'" + shown(descr) + "'",
          "convert with array.astype('<f4') and save again");
    }
    if (!"False".equals(field(ORDER, header))) {
      throw file.damaged(
          "rows must be contiguous",
          headerAt,
          "'fortran_order': False",
          "'fortran_order': " + field(ORDER, header),
          "save numpy.ascontiguousarray(array)");
    }
    String shape = field(SHAPE, header);
    var parts = ROWS_AND_COLUMNS.matcher(shape == null ? "" : shape);
    if (!parts.matches()) {
      throw file.damaged(
          "the array must have two axes, rows and elements",
          headerAt,
          "'shape': (rows, dimension)",
          shape == null ? "none" : "(" + shown(shape) + ")",
          "save array.reshape(rows, dimension)");
    }
    long size = Long.parseLong(parts.group(1));
    long dimension = Long.parseLong(parts.group(2));
    if (dimension < 1 || dimension > VectorSource.MAX_DIMENSION) {
      throw file.damaged(
          "the dimension must be in range",
          headerAt,
          "1 to " + VectorSource.MAX_DIMENSION,
          dimension,
          "is the array transposed?");
    }
    long stride = dimension * type.bytes();
    // size has up to 18 digits, so the product may leave 64 bits: compare by division.
    if (size > (length - dataAt) / stride || size * stride != length - dataAt) {
      throw file.damaged(
          "the file must be as long as its shape says",
          dataAt,
          "%d rows of %d bytes".formatted(size, stride),
          (length - dataAt) + " bytes",
          "the file is cut short or damaged; copy it again");
    }
    return new MemoryVectorSource(
        file.path().toString(),
        file.arena(),
        file.bytes().asSlice(dataAt),
        size,
        (int) dimension,
        type,
        new MemoryVectorSource.Layout(dataAt, 0, stride));
  }

  private static @Nullable String field(Pattern pattern, String header) {
    var matcher = pattern.matcher(header);
    return matcher.find() ? matcher.group(1) : null;
  }

  /** Shows a text in one line, whatever bytes stand in it. */
  private static String shown(String text) {
    return text.replaceAll("[\\p{Cntrl}\u0080-\u009f\\s]+", " ");
  }

  private static String text(MappedFile file, long offset, int length) {
    return new String(
        file.bytes().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE), ISO_8859_1);
  }

  private static String hex(MappedFile file, long length) {
    var hex = new StringBuilder();
    for (long i = 0; i < length; i++) {
      hex.append("%02x".formatted(file.bytes().get(ValueLayout.JAVA_BYTE, i)));
    }
    return length == 0 ? "an empty file" : hex.toString();
  }

  /** A version 1 header of {@link #HEADER_BYTES} bytes, whatever the number of rows. */
  static byte[] header(long size, int dimension, ElementType type) {
    String descr =
        switch (type) {
          case FLOAT32 -> "<f4";
          case FLOAT16 -> "<f2";
          case INT8 -> "|i1";
          case UINT8 -> "|u1";
          case BFLOAT16 ->
              throw new IllegalArgumentException(
                  "NumPy has no bfloat16, so .npy cannot hold it: write FLOAT32 or FLOAT16");
        };
    String dictionary =
        String.format(
            Locale.ROOT,
            "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }",
            descr,
            size,
            dimension);
    int padded = HEADER_BYTES - 10;
    String text =
        MAGIC
            + "\u0001\u0000"
            + (char) (padded & 0xff)
            + (char) (padded >> 8)
            + dictionary
            + " ".repeat(padded - dictionary.length() - 1)
            + "\n";
    return text.getBytes(ISO_8859_1);
  }

  static final int HEADER_BYTES = 2 * ALIGNMENT;
}
