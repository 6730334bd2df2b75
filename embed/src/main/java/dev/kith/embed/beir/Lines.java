package dev.kith.embed.beir;

import dev.kith.core.vector.WholeGzip;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * The lines of a text file, plain or {@code .gz} or {@code .xz}, as bytes and counted, so that an
 * error can name the line it stands in. Blank lines are counted and passed over.
 */
final class Lines implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  /** Most bytes of a line: a small part of the heap, since a line is copied and becomes text. */
  private static final int MAX_LINE =
      (int) Math.clamp(Runtime.getRuntime().maxMemory() / 8, 1L << 20, 1L << 28);

  private final Path file;
  private final InputStream in;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
  private long number;

  Lines(Path file) {
    this.file = file;
    try {
      this.in = new BufferedInputStream(open(file), BUFFER);
    } catch (IOException e) {
      throw new BeirDataException("cannot open file=%s: %s".formatted(file, e), e);
    }
  }

  private static InputStream open(Path file) throws IOException {
    var raw = Files.newInputStream(file);
    try {
      var name = String.valueOf(file.getFileName());
      if (name.endsWith(".gz")) {
        return new WholeGzip(raw, BUFFER);
      }
      return name.endsWith(".xz") ? new XZInputStream(raw) : raw;
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /** The next line that is not blank, without its end; null after the last. */
  byte @Nullable [] next() {
    try {
      while (readLine()) {
        var bytes = number == 1 ? withoutMark(line.toByteArray()) : line.toByteArray();
        if (!isBlank(bytes)) {
          return bytes;
        }
      }
      return null;
    } catch (IOException e) {
      throw new BeirDataException(
          "cannot read on: file=%s, line=%d: %s (file truncated or damaged?)"
              .formatted(file, number, e.getMessage() == null ? e : e.getMessage()),
          e);
    }
  }

  /** Reads up to the next line feed or the end; false if there was nothing left. */
  private boolean readLine() throws IOException {
    line.reset();
    number++;
    int b = in.read();
    if (b < 0) {
      return false;
    }
    for (; b >= 0 && b != '\n'; b = in.read()) {
      if (line.size() == MAX_LINE) {
        throw bad("at most %d bytes".formatted(MAX_LINE), "more", null);
      }
      line.write(b);
    }
    return true;
  }

  /** Takes a byte-order mark off the first line. */
  private byte[] withoutMark(byte[] bytes) {
    int first = bytes.length < 2 ? 0x2020 : ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
    if (first == 0xfffe || first == 0xfeff || (first & 0xff) == 0 || first >> 8 == 0) {
      throw bad("UTF-8 text", "UTF-16 or UTF-32; convert it with iconv -f UTF-16 -t UTF-8", null);
    }
    boolean marked = first == 0xefbb && bytes.length > 2 && (bytes[2] & 0xff) == 0xbf;
    return marked ? Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
  }

  private static boolean isBlank(byte[] bytes) {
    for (byte b : bytes) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  /** The next line as text. */
  @Nullable String nextText() {
    var bytes = next();
    if (bytes == null) {
      return null;
    }
    int length = bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw bad("UTF-8 text", "other bytes", e);
    }
  }

  /** Exception for a fault in the line read last. */
  BeirDataException bad(String expected, String found, @Nullable Throwable cause) {
    return new BeirDataException(
        "bad line: file=%s, line=%d, expected %s, found %s"
            .formatted(file, number, expected, found),
        cause);
  }

  long number() {
    return number;
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
