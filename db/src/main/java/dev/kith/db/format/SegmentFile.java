package dev.kith.db.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.store.ChecksumIndexInput;
import org.apache.lucene.store.DataAccessHint;
import org.apache.lucene.store.FileDataHint;
import org.apache.lucene.store.FileTypeHint;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.MemorySegmentAccessInput;

/**
 * One kind of file of a segment's vectors; each begins with Lucene's index header and ends with its
 * footer.
 *
 * @param extension of its name
 * @param codec what its header calls it
 * @param version that its header has
 */
record SegmentFile(String extension, String codec, int version) {
  /** Parts start at multiples of this: one cache line. */
  static final int ALIGNMENT = 64;

  private static final int CHUNK = 1 << 16;

  /** The name of the file in a segment. */
  String name(String segment, String suffix) {
    return IndexFileNames.segmentFileName(segment, suffix, extension);
  }

  /** The name of the file in the segment that is written. */
  String name(SegmentWriteState state) {
    return name(state.segmentInfo.name, state.segmentSuffix);
  }

  /**
   * How long a whole file is and what its footer says, for the metadata to remember.
   *
   * @param length in bytes
   * @param checksum CRC-32 of all bytes before it
   */
  record Seal(long length, long checksum) {}

  /** A new file behind its header. */
  IndexOutput create(SegmentWriteState state) throws IOException {
    var out = state.directory.createOutput(name(state), state.context);
    try {
      CodecUtil.writeIndexHeader(
          out, codec, version, state.segmentInfo.getId(), state.segmentSuffix);
      return out;
    } catch (Throwable e) {
      out.close();
      throw e;
    }
  }

  /** Opens the file that was just written. */
  IndexInput reopen(SegmentWriteState state, IOContext context) throws IOException {
    return state.directory.openInput(name(state), context);
  }

  /** What is to be remembered of the file that was just written. */
  Seal seal(SegmentWriteState state) throws IOException {
    try (var in = reopen(state, IOContext.READONCE)) {
      return new Seal(in.length(), CodecUtil.retrieveChecksum(in));
    }
  }

  /** Checks a header and stays behind it. */
  void readHeader(IndexInput in, SegmentReadState state) throws IOException {
    CodecUtil.checkIndexHeader(
        in, codec, version, version, state.segmentInfo.getId(), state.segmentSuffix);
  }

  /** Opens the file to be read as a whole. */
  ChecksumIndexInput openChecksum(SegmentReadState state) throws IOException {
    return state.directory.openChecksumInput(name(state.segmentInfo.name, state.segmentSuffix));
  }

  /** Opens a file for scans; header, length and footer are checked, what is between is not read. */
  IndexInput open(SegmentReadState state, Seal seal) throws IOException {
    var in =
        state.directory.openInput(
            name(state.segmentInfo.name, state.segmentSuffix),
            state.context.withHints(
                FileTypeHint.DATA, FileDataHint.KNN_VECTORS, DataAccessHint.SEQUENTIAL));
    try {
      if (in.length() != seal.length()) {
        throw new CorruptIndexException(
            "a file must be as long as its metadata says: expected=%d, found=%d; restore the segment's files from a copy"
                .formatted(seal.length(), in.length()),
            in);
      }
      readHeader(in, state);
      long checksum = CodecUtil.retrieveChecksum(in);
      if (checksum != seal.checksum()) {
        throw new CorruptIndexException(
            "the footer must have the checksum that the metadata has: expected=%08x, found=%08x; restore the segment's files from a copy"
                .formatted(seal.checksum(), checksum),
            in);
      }
      return in;
    } catch (Throwable e) {
      in.close();
      throw e;
    }
  }

  /** Whether {@link #memory} gives bytes of this file in place. */
  static boolean inPlace(IndexInput in, long at, long length) throws IOException {
    return in instanceof MemorySegmentAccessInput mapped
        && mapped.segmentSliceOrNull(at, length) != null;
  }

  /**
   * A part of a file off-heap: in place, readable until it is closed, where the directory maps
   * files; else a copy, in that arena.
   */
  static MemorySegment memory(IndexInput in, long at, long length, Arena arena) throws IOException {
    if (in instanceof MemorySegmentAccessInput mapped) {
      var slice = mapped.segmentSliceOrNull(at, length);
      if (slice != null) {
        return slice;
      }
    }
    var copy = arena.allocate(Math.max(length, 1), ALIGNMENT).asSlice(0, length);
    var from = in.clone();
    from.seek(at);
    var chunk = new byte[(int) Math.min(CHUNK, length)];
    for (long done = 0; done < length; done += chunk.length) {
      int next = (int) Math.min(chunk.length, length - done);
      from.readBytes(chunk, 0, next);
      MemorySegment.copy(chunk, 0, copy, ValueLayout.JAVA_BYTE, done, next);
    }
    return copy;
  }
}
