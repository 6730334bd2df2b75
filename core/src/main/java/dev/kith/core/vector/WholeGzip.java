package dev.kith.core.vector;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Unpacks gzip, one member or several, to the end of the file. The JDK's stream takes anything
 * behind a member that is not another member for the end, so that a damaged second member would be
 * lost unseen; here it is an error.
 */
public final class WholeGzip extends GZIPInputStream {
  private static final int TRAILER = 8;

  /** Bytes read from the file up to the last filling of the buffer. */
  private long filledAt;

  private boolean ended;

  /** Reads the first header. */
  public WholeGzip(InputStream in, int buffer) throws IOException {
    super(new Counted(in), buffer);
  }

  @Override
  protected void fill() throws IOException {
    super.fill();
    filledAt = ((Counted) in).count;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    int read = super.read(bytes, from, length);
    if (read < 0 && !ended) {
      ended = true;
      // A member's header and body begin in the buffer, its trailer may end outside.
      long after = inf.getRemaining() + ((Counted) in).count - filledAt;
      if (after > TRAILER || in.read() >= 0) {
        throw new ZipException("what follows the packed data is no gzip");
      }
    }
    return read;
  }

  /** Counts what is read. */
  private static final class Counted extends FilterInputStream {
    private long count;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      count += read < 0 ? 0 : 1;
      return read;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int read = super.read(bytes, from, length);
      count += Math.max(read, 0);
      return read;
    }
  }
}
