package dev.kith.db.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;
import org.apache.lucene.store.DataOutput;
import org.apache.lucene.store.IndexOutput;

/** Takes the bytes of one part, numbers little-endian, and their checksum. For one thread. */
public final class PartOutput extends DataOutput {
  private static final int CHUNK = 1 << 16;

  private final IndexOutput out;
  private final long at;
  private final CRC32C crc = new CRC32C();
  private final Runnable beforeChunks;

  /**
   * Begins a part at the next multiple of 64.
   *
   * @param beforeChunks throws if no more is to be written
   */
  PartOutput(IndexOutput out, Runnable beforeChunks) throws IOException {
    this.out = out;
    this.at = out.alignFilePointer(SegmentFile.ALIGNMENT);
    this.beforeChunks = beforeChunks;
  }

  /** How many bytes were written. */
  public long length() {
    return out.getFilePointer() - at;
  }

  @Override
  public void writeByte(byte b) throws IOException {
    out.writeByte(b);
    crc.update(b);
  }

  @Override
  public void writeBytes(byte[] bytes, int offset, int length) throws IOException {
    beforeChunks.run();
    out.writeBytes(bytes, offset, length);
    crc.update(bytes, offset, length);
  }

  /** Appends memory. */
  public void write(MemorySegment memory) throws IOException {
    var chunk = new byte[(int) Math.min(CHUNK, memory.byteSize())];
    for (long done = 0; done < memory.byteSize(); done += chunk.length) {
      int next = (int) Math.min(chunk.length, memory.byteSize() - done);
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, done, chunk, 0, next);
      writeBytes(chunk, 0, next);
    }
  }

  /**
   * Ends the part.
   *
   * @param file the number that its file has in the metadata
   */
  Part end(String name, boolean required, int file) {
    return new Part(name, required, file, at, length(), crc.getValue());
  }
}
