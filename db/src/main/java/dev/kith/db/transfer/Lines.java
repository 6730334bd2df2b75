package dev.kith.db.transfer;

import dev.kith.core.vector.WholeGzip;
import dev.kith.db.memory.HeapShare;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The lines of a file, plain or {@code .gz}, counted; blank ones are passed over. */
final class Lines implements Closeable {
  private static final int MOST = 1 << 28;

  /** A longer one fits beside what it is copied to in no heap. */
  private static final int MAX_LINE = (int) HeapShare.bytes(4, MOST);

  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int end;
  private byte[] line = new byte[1024];
  private int length;
  private long number;

  Lines(Path file) throws IOException {
    this.file = file;
    var raw = Files.newInputStream(file);
    try {
      this.in =
          file.toString().toLowerCase(Locale.ROOT).endsWith(".gz")
              ? new WholeGzip(raw, BUFFER)
              : raw;
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw new TransferException(
          "%s cannot be read: %s".formatted(file, reason(e instanceof IOException io ? io : null)),
          e);
    }
  }

  /** Goes to the next line that is not blank; false after the last. */
  boolean next() {
    try {
      while (read()) {
        for (int i = 0; i < length; i++) {
          if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
            return true;
          }
        }
      }
      return false;
    } catch (IOException e) {
      throw new TransferException(
          "%s: cannot be read on: %s; is the file cut short or damaged?"
              .formatted(place(), reason(e)),
          e);
    }
  }

  private static String reason(@Nullable IOException e) {
    return e == null ? "not in its format" : e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private boolean read() throws IOException {
    length = 0;
    number++;
    boolean any = false;
    while (at < end || fill()) {
      any = true;
      int from = at;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      append(from, at - from);
      if (at < end) {
        at++;
        requireUtf8();
        return true;
      }
    }
    requireUtf8();
    return any;
  }

  /** Takes a byte-order mark off the first line. */
  private void requireUtf8() {
    if (number > 1 || length < 2) {
      return;
    }
    int first = ((line[0] & 0xff) << 8) | (line[1] & 0xff);
    if (first == 0xfffe || first == 0xfeff || line[0] == 0 || line[1] == 0) {
      throw new TransferException(
          "%s: a file of JSON lines must be UTF-8, and this is UTF-16 or UTF-32; convert it with iconv -f UTF-16 -t UTF-8"
              .formatted(place()));
    }
    if (length >= 3 && first == 0xefbb && (line[2] & 0xff) == 0xbf) {
      length -= 3;
      System.arraycopy(line, 3, line, 0, length);
    }
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(in.read(buffer), 0);
    return end > 0;
  }

  private void append(int from, int count) {
    if (count > MAX_LINE - length) {
      throw new TransferException(
          "%s: a line must be at most %d bytes%s"
              .formatted(
                  place(),
                  MAX_LINE,
                  MAX_LINE < MOST ? ", a quarter of the heap; give more memory by -Xmx" : ""));
    }
    if (length + count > line.length) {
      line = Arrays.copyOf(line, Math.max(length + count, Math.min(2 * line.length, MAX_LINE)));
    }
    System.arraycopy(buffer, from, line, length, count);
    length += count;
  }

  /** Holds the line in its first {@link #length} bytes, until the next one is read. */
  byte[] bytes() {
    return line;
  }

  int length() {
    return length;
  }

  /** Such as {@code articles.jsonl line 17}. */
  String place() {
    return "%s line %d".formatted(file, number);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
