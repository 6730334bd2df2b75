package dev.kith.core.vector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class VectorFilesTest {
  @TempDir Path folder;

  /** Bytes that numpy 2.4 writes for {@code numpy.array([[1, -2], [0.5, 3]], '<f4')}. */
  private static final String NUMPY_BYTES =
      "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046"
          + "616c73652c20277368617065273a2028322c2032292c207d"
          + "20".repeat(58)
          + "0a"
          + "0000803f000000c00000003f00004040";

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] npy(int major, String dictionary, int dataBytes) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(("\u0093NUMPY" + (char) major + "\0").getBytes(ISO_8859_1));
    var length = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(dictionary.length());
    out.write(length.array(), 0, major == 1 ? 2 : 4);
    out.writeBytes(dictionary.getBytes(ISO_8859_1));
    out.writeBytes(new byte[dataBytes]);
    return out.toByteArray();
  }

  private static byte[] ints(int... values) {
    var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    return bytes.array();
  }

  @Test
  void open_bytesFromNumpy_givesTheArray() throws IOException {
    var file = write("a.npy", HexFormat.of().parseHex(NUMPY_BYTES));
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isEqualTo(2);
      assertThat(source.dimension()).isEqualTo(2);
      assertThat(source.elementType()).isEqualTo(ElementType.FLOAT32);
      assertThat(source.row(0)).containsExactly(1, -2);
      assertThat(source.row(1)).containsExactly(0.5f, 3);
      assertThat(source.offsetOf(1, 1)).isEqualTo(140);
    }
  }

  @Test
  void write_npy_isWhatNumpyWrites() throws IOException {
    var file = folder.resolve("b.npy");
    try (var source = VectorSource.of(new float[] {1, -2}, new float[] {0.5f, 3})) {
      VectorWriter.write(file, source);
    }
    assertThat(HexFormat.of().formatHex(Files.readAllBytes(file))).isEqualTo(NUMPY_BYTES);
  }

  @ParameterizedTest
  @EnumSource
  void write_thenOpen_givesTheSameRows(ElementType type, SplittableRandom random)
      throws IOException {
    for (int d : new int[] {1, 3, 64, 1025}) {
      var data = TestVectors.typed(random, type, 2100, d);
      try (var source = data.source()) {
        for (var extension : new String[] {"npy", "fvecs", "bvecs"}) {
          if ((extension.equals("npy") && type == ElementType.BFLOAT16)
              || (extension.equals("fvecs") && type != ElementType.FLOAT32)
              || (extension.equals("bvecs") && type != ElementType.UINT8)) {
            continue;
          }
          var file = folder.resolve("rows." + extension);
          VectorWriter.write(file, source);
          try (var again = VectorFiles.open(file)) {
            assertThat(again.elementType()).isEqualTo(type);
            assertThat(again.size()).isEqualTo(source.size());
            for (var block : again.blocks(1000)) {
              for (int i = 0; i < block.rows(); i++) {
                var row = new float[d];
                block.decodeRow(i, row, 0);
                assertThat(row).isEqualTo(data.rows()[(int) block.firstRow() + i]);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void write_bfloat16AsNpy_saysThatNumPyHasNone() throws IOException {
    try (var rows = VectorSource.of(new short[] {1, 2}, 2, ElementType.BFLOAT16)) {
      assertThatThrownBy(() -> VectorWriter.write(folder.resolve("rows.npy"), rows))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("NumPy has no bfloat16, so .npy cannot hold it: write FLOAT32 or FLOAT16");
      try (var files = Files.list(folder)) {
        assertThat(files).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void open_everyNpyVersion_isRead(int major) throws IOException {
    var file =
        write("v.npy", npy(major, "{'descr':'|u1','fortran_order':False,'shape':(3,5,)}\n", 15));
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isEqualTo(3);
      assertThat(source.dimension()).isEqualTo(5);
    }
  }

  record Bad(String dictionary, int dataBytes, String message) {}

  static Bad[] badHeaders() {
    String type =
        "the .npy element type must be one that Kith reads: file=FILE, offset=10, expected='<f4',"
            + " '<f2', '|i1' or '|u1', found=%s; convert with array.astype('<f4') and save again";
    String length =
        "the file must be as long as its shape says: file=FILE, offset=DATA, expected=%s rows of 8"
            + " bytes, found=%d bytes; the file is cut short or damaged; copy it again";
    return new Bad[] {
      new Bad(
          "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}", 32, type.formatted("'<f8'")),
      new Bad(
          "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 2)}", 16, type.formatted("'>f4'")),
      new Bad("{'fortran_order': False, 'shape': (2, 2)}", 16, type.formatted("none")),
      new Bad(
          "{'descr': [('id', '<i8'), ('v', '<f4', (2,))], 'fortran_order': False, 'shape': (2,)}",
          32,
          "the .npy element type must be one that Kith reads: file=FILE, offset=10, expected='<f4',"
              + " '<f2', '|i1' or '|u1', found=a structure of fields; save one of them, such as"
              + " array['vector']"),
      new Bad(
          "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}",
          16,
          "rows must be contiguous: file=FILE, offset=10, expected='fortran_order': False,"
              + " found='fortran_order': True; save numpy.ascontiguousarray(array)"),
      new Bad(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}",
          16,
          "the array must have two axes, rows and elements: file=FILE, offset=10,"
              + " expected='shape': (rows, dimension), found=(4,);"
              + " save array.reshape(rows, dimension)"),
      new Bad(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 0)}",
          0,
          "the dimension must be in range: file=FILE, offset=10, expected=1 to 65536, found=0;"
              + " is the array transposed?"),
      new Bad(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
          15,
          length.formatted("2", 15)),
      new Bad(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
          17,
          length.formatted("2", 17)),
      new Bad(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999999, 2)}",
          16,
          length.formatted("999999999999999999", 16)),
    };
  }

  /** Headers that are no vectors' and lead neither out of the file nor out of memory. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(-1, 2)",
        "(2, -2)",
        "(True, 2)",
        "(2, 2.0)",
        "(2e0, 2)",
        "('2', 2)",
        "(2, None)",
        "(2, 2, 1)",
        "()",
        "(0x2, 2)",
        "(2 2)",
        "(2,\n\u0007two)",
        "(9223372036854775807, 2)",
        "(99999999999999999999, 2)",
        "(2, 99999999999)"
      })
  void open_shapeThatIsNone_showsItInOneLine(String shape) throws IOException {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': %s}".formatted(shape);
    var file = write("bad.npy", npy(1, header, 16));
    assertThatThrownBy(() -> VectorFiles.open(file))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            "the array must have two axes, rows and elements: file=%s, offset=10,"
                + " expected='shape': (rows, dimension), found=%s; save array.reshape(rows,"
                + " dimension)",
            file, shape.replace("\n\u0007", " "));
  }

  /** Shapes whose products are small in 64 bits, or would be negative. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(4611686018427387904, 1)", // times 4 is 2^64
        "(1152921504606846976, 4)",
        "(562949953421312, 65536)", // times 4 is 2^67
        "(281474976710656, 32768)", // times 4 is 2^65
        "(140737488355329, 32768)"
      })
  void open_shapeWhoseBytesOverflow_isRefused(String shape) throws IOException {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': %s}".formatted(shape);
    for (int data : new int[] {0, 16, 131_072}) {
      var file = write("bad.npy", npy(1, header, data));
      assertThatThrownBy(() -> VectorFiles.open(file))
          .isInstanceOf(VectorDataException.class)
          .hasMessageStartingWith("the ")
          .hasMessageContaining("file=" + file);
    }
  }

  @Test
  void open_pickledObjects_areNeverRead() throws IOException {
    var header = "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2)}\n";
    var file = write("bad.npy", npy(1, header, 32));
    assertThatThrownBy(() -> VectorFiles.open(file))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            "the .npy element type must be one that Kith reads: file=%s, offset=10,"
                + " expected='<f4', '<f2', '|i1' or '|u1', found='|O', pickled objects, which are"
                + " never read; save numpy.stack(array).astype('<f4')",
            file);
  }

  @Test
  void open_typeOfOddBytes_isShownInOneLine() throws IOException {
    var header = "{'descr': '<\n\u001b[31m', 'fortran_order': False, 'shape': (2, 2)}";
    var file = write("bad.npy", npy(1, header, 16));
    assertThatThrownBy(() -> VectorFiles.open(file))
        .isInstanceOf(VectorDataException.class)
        .hasMessageContaining("found='< [31m'; convert");
  }

  /** Header lengths that are too long, too short, and the most that an unsigned number can say. */
  @ParameterizedTest
  @ValueSource(
      longs = {0, 1, 10, 117, 119, 134, 135, 65_535, 0x7fffffffL, 0x80000000L, 0xffffffffL})
  void open_headerLengthThatLies_isRefused(long length) throws IOException {
    byte[] first = HexFormat.of().parseHex(NUMPY_BYTES);
    var second = new byte[first.length + 2];
    System.arraycopy(first, 0, second, 0, 10);
    System.arraycopy(first, 10, second, 12, first.length - 10);
    second[6] = 2;
    ByteBuffer.wrap(second).order(ByteOrder.LITTLE_ENDIAN).putInt(8, (int) length);
    ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).putShort(8, (short) length);
    for (byte[] bytes : List.of(first, second)) {
      var file = write("lie.npy", bytes);
      assertThatThrownBy(() -> VectorFiles.open(file))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("file=" + file)
          .hasMessageMatching("[^\n]*; [^\n]+");
    }
  }

  /** A dimension that no file of that length has, in the first row or in a later one. */
  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 65_537, 1 << 30, 0x02000000})
  void open_vecsDimensionThatLies_isRefused(int dimension) throws IOException {
    for (var ending : new String[] {"fvecs", "bvecs"}) {
      var first = write("first." + ending, ints(dimension, 0, 0, 2, 0, 0));
      assertThatThrownBy(() -> VectorFiles.open(first))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "the dimension must be in range: file=%s, offset=0, expected=1 to 65536, found=%d; is"
                  + " it another format?",
              first, dimension);
      int d = ending.equals("fvecs") ? 2 : 8;
      var later = write("later." + ending, ints(d, 0, 0, dimension, 0, 0));
      try (var source = VectorFiles.open(later)) {
        assertThat(source.size()).isEqualTo(2);
        assertThatThrownBy(() -> source.row(1))
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "every row must have the first row's dimension: file=%s, offset=12, row=1,"
                    + " expected=%d, found=%d; the file is damaged or mixes dimensions",
                later, d, dimension);
      }
    }
  }

  @Test
  void open_bitsFlipped_isTheSameSizeOrRefused(SplittableRandom random) throws IOException {
    byte[] npy = HexFormat.of().parseHex(NUMPY_BYTES);
    int headerBits = 8 * (npy.length - 16);
    for (int round = 0; round < 500 * Seeded.effort(); round++) {
      var bytes = npy.clone();
      for (int flips = 1 + random.nextInt(2); flips > 0; flips--) {
        int bit = random.nextInt(headerBits);
        bytes[bit / 8] ^= (byte) (1 << (bit % 8));
      }
      var file = write("flipped.npy", bytes);
      try (var source = VectorFiles.open(file)) {
        long elements = source.size() * source.dimension();
        assertThat(elements * source.elementType().bytes()).isLessThanOrEqualTo(npy.length);
        assertThat(source.row(source.size() - 1)).hasSize(source.dimension());
      } catch (VectorDataException e) {
        assertThat(e.getMessage()).contains("file=" + file).hasLineCount(1);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("badHeaders")
  void open_unfitHeader_saysWhatWhereAndWhatToDo(Bad bad) throws IOException {
    var file = write("bad.npy", npy(1, bad.dictionary, bad.dataBytes));
    assertThatThrownBy(() -> VectorFiles.open(file))
        .isInstanceOf(VectorDataException.class)
        .hasMessage(
            bad.message
                .replace("FILE", file.toString())
                .replace("DATA", "" + (10 + bad.dictionary.length())));
  }

  @Test
  void open_notNpyAtAll_saysSo() throws IOException {
    var wrongMagic = write("magic.npy", "hello, this is no array".getBytes(ISO_8859_1));
    assertThatThrownBy(() -> VectorFiles.open(wrongMagic))
        .hasMessage(
            "a .npy file starts with its magic: file=%s, offset=0, expected=\\x93NUMPY, found=%s;"
                + " %s",
            wrongMagic, "68656c6c6f2c", "is it another format? write it with numpy.save");
    var empty = write("empty.npy", new byte[0]);
    assertThatThrownBy(() -> VectorFiles.open(empty))
        .hasMessageContaining("expected=\\x93NUMPY, found=an empty file");
    var version = write("version.npy", npy(4, "{}", 0));
    assertThatThrownBy(() -> VectorFiles.open(version))
        .hasMessageContaining("offset=6, expected=1, 2 or 3, found=4");
    var cut = write("cut.npy", Arrays.copyOf(HexFormat.of().parseHex(NUMPY_BYTES), 60));
    assertThatThrownBy(() -> VectorFiles.open(cut))
        .hasMessage(
            "the .npy header must lie in the file: file=%s, offset=8, expected=at most 50 bytes,"
                + " found=118; the file is cut short or damaged; copy it again",
            cut);
  }

  @Test
  void open_everyPrefixOfAFile_failsCleanly() throws IOException {
    byte[] whole = HexFormat.of().parseHex(NUMPY_BYTES);
    for (int length = 0; length < whole.length; length++) {
      var file = write("prefix.npy", Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> VectorFiles.open(file)).isInstanceOf(VectorDataException.class);
    }
  }

  @Test
  void open_unfitVecs_saysWhatWhereAndWhatToDo() throws IOException {
    var empty = write("empty.fvecs", new byte[0]);
    assertThatThrownBy(() -> VectorFiles.open(empty))
        .hasMessage(
            "a vecs file starts with its first row's dimension: file=%s, offset=0, expected=4"
                + " bytes, found=0 bytes; an empty file has no dimension; use .npy for no rows",
            empty);
    var negative = write("negative.fvecs", ints(-1, 0));
    assertThatThrownBy(() -> VectorFiles.open(negative))
        .hasMessageContaining("offset=0, expected=1 to 65536, found=-1; is it another format?");
    var cut = write("cut.fvecs", ints(2, 0, 0, 2, 0));
    assertThatThrownBy(() -> VectorFiles.open(cut))
        .hasMessage(
            "the file must hold whole rows: file=%s, offset=12, expected=rows of 12 bytes,"
                + " found=8 bytes after row 1; the file is cut short or damaged; copy it again",
            cut);
  }

  @Test
  void block_vecsRowOfOtherDimension_namesTheRow() throws IOException {
    var file = write("mixed.fvecs", ints(2, 0, 0, 2, 0, 0, 3, 0, 0));
    try (var source = VectorFiles.open(file)) {
      assertThat(source.row(1)).containsExactly(0, 0);
      assertThatThrownBy(() -> source.block(0, 3))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "every row must have the first row's dimension: file=%s, offset=24, row=2,"
                  + " expected=2, found=3; the file is damaged or mixes dimensions",
              file);
    }
  }

  @Test
  void requireFinite_nanInAFile_namesOffsetRowAndElement() throws IOException {
    var file = folder.resolve("nan.npy");
    try (var writer = VectorWriter.create(file, 3)) {
      writer.append(new float[] {1, 2, 3});
      writer.append(new float[] {1, Float.NaN, 3});
      writer.commit();
    }
    try (var source = VectorFiles.open(file)) {
      assertThatThrownBy(source::requireFinite)
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "vectors must be finite: file=%s, offset=144, row=1, element=1, found=NaN;"
                  + " remove or repair that row",
              file);
    }
  }

  @Test
  void open_headerOfPython2_isRead() throws IOException {
    var file =
        write("v.npy", npy(1, "{'descr':'|u1','fortran_order':False,'shape':(3L,5L)}\n", 15));
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isEqualTo(3);
    }
  }

  @Test
  void open_headerInDoubleQuotes_isRead() throws IOException {
    var header = "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (3, 5)}\n";
    try (var source = VectorFiles.open(write("v.npy", npy(1, header, 15)))) {
      assertThat(source.size()).isEqualTo(3);
    }
  }

  @Test
  @Timeout(10)
  void open_hostileHeader_failsSoonAndShortly() throws IOException {
    for (var part : new String[] {"'shape':(", "'descr':'", "'descr' "}) {
      var file = write("hostile.npy", npy(2, part.repeat(65_536 / part.length()), 4));
      assertThatThrownBy(() -> VectorFiles.open(file))
          .isInstanceOf(VectorDataException.class)
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(600));
    }
    var file = write("hostile.npy", npy(2, " ".repeat(70_000), 4));
    assertThatThrownBy(() -> VectorFiles.open(file))
        .hasMessageContaining("expected=at most 65536 bytes, found=70000");
  }

  @Test
  void open_otherExtension_saysWhichAreKnown() {
    assertThatThrownBy(() -> VectorFiles.open(Path.of("rows.csv")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "vector files end in .npy, .fvecs or .bvecs: file=rows.csv; rename or convert it");
    for (var odd : new String[] {"npy", "/", "rows."}) {
      assertThatThrownBy(() -> VectorFiles.open(Path.of(odd)))
          .hasMessageStartingWith("vector files end in .npy, .fvecs or .bvecs");
    }
    assertThatThrownBy(() -> VectorFiles.open(Files.createDirectory(folder.resolve("d.npy"))))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("it is a folder, not a file");
    assertThatThrownBy(() -> VectorFiles.open(folder.resolve("absent.npy")))
        .isInstanceOf(NoSuchFileException.class);
  }

  /** A sparse file: five billion bytes of zeros with one row of ones at the end. */
  @Test
  void open_moreThanTwoGibibytesAndElements_readsTheLastRow() throws IOException {
    long rows = 5_000_000;
    int d = 1000;
    var file = folder.resolve("large.npy");
    byte[] header = NpyFormat.header(rows, d, ElementType.INT8);
    try (var large = new RandomAccessFile(file.toFile(), "rw")) {
      large.write(header);
      large.setLength(header.length + rows * d);
      large.seek(header.length + (rows - 1) * d);
      var last = new byte[d];
      Arrays.fill(last, (byte) 1);
      large.write(last);
    }
    try (var source = VectorFiles.open(file)) {
      assertThat(source.size()).isEqualTo(rows);
      assertThat(source.row(rows - 2)).containsOnly(0);
      assertThat(source.row(rows - 1)).containsOnly(1);
      assertThat(source.offsetOf(rows - 1, 999)).isEqualTo(Files.size(file) - 1);
    }
  }

  @Test
  void close_thenRead_fails() throws IOException {
    var file = write("closed.npy", HexFormat.of().parseHex(NUMPY_BYTES));
    var source = VectorFiles.open(file);
    source.close();
    source.close();
    assertThatThrownBy(() -> source.row(0)).isInstanceOf(IllegalStateException.class);
  }
}
