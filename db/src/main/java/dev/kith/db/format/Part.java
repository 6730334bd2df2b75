package dev.kith.db.format;

import java.io.IOException;
import java.util.zip.CRC32C;
import org.apache.lucene.store.IndexInput;

/**
 * A named stretch of bytes that a segment keeps for one of its vector fields. A name stands for one
 * layout for ever; other bytes get another name.
 *
 * @param name what it is, see {@link #ROWS}, {@link #DOCUMENTS}, {@link #SHADOW} and {@link #INDEX}
 * @param required whether a reader that does not know the name would read the field wrongly
 * @param file the number of its file in the metadata
 * @param at its offset there
 * @param length its bytes
 * @param checksum CRC-32C of them, or {@link #NO_CHECKSUM}
 */
record Part(String name, boolean required, int file, long at, long length, long checksum) {
  /** The rows, one after the other without gaps. */
  static final String ROWS = "rows";

  /** An int32 a row, the number of its document; there is none where they are the same. */
  static final String DOCUMENTS = "documents";

  /** The body of a shadow, as {@code docs/formats/shadow.md} has it. */
  static final String SHADOW = "shadow";

  /** An index file over the rows, as {@code docs/formats/index.md} has it. */
  static final String INDEX = "index";

  /** What {@code Kith1} has in the place of a part's checksum: its file's is all there is. */
  static final long NO_CHECKSUM = -1;

  private static final int CHUNK = 1 << 16;

  /** Whether it can be checked without the rest of its file. */
  boolean hasChecksum() {
    return checksum != NO_CHECKSUM;
  }

  /** Whether it was made of the rows, so that a field can do without it. */
  boolean isBuilt() {
    return !name.equals(ROWS) && !name.equals(DOCUMENTS);
  }

  /** Where it ends. */
  long end() {
    return at + length;
  }

  /** Reads it and gives the checksum of what is there. */
  static long checksum(IndexInput file, long at, long length) throws IOException {
    var in = file.clone();
    in.seek(at);
    var crc = new CRC32C();
    var chunk = new byte[(int) Math.min(CHUNK, length)];
    for (long left = length; left > 0; ) {
      int next = (int) Math.min(chunk.length, left);
      in.readBytes(chunk, 0, next);
      crc.update(chunk, 0, next);
      left -= next;
    }
    return crc.getValue();
  }
}
