package dev.kith.core.vector;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A whole file, mapped read-only until its arena is closed. */
public record MappedFile(Path path, Arena arena, MemorySegment bytes) {

  /** Turns a mapped file into what it holds; the arena is closed if that fails. */
  interface Reader<T> {
    T read(MappedFile file);
  }

  /** Maps {@code path} for a reader whose result owns the arena and is to close it. */
  @SuppressWarnings("MustBeClosedChecker")
  static <T> T open(Path path, Reader<T> reader) throws IOException {
    var arena = Arena.ofShared();
    try {
      return reader.read(map(path, arena));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Maps {@code path} for a reader whose result is on the heap; the file is unmapped before this
   * returns.
   */
  static <T> T copy(Path path, Reader<T> reader) throws IOException {
    try (var arena = Arena.ofShared()) {
      return reader.read(map(path, arena));
    }
  }

  /** Maps a file until the arena is closed. */
  public static MappedFile map(Path path, Arena arena) throws IOException {
    if (Files.isDirectory(path)) {
      throw new FileSystemException(path.toString(), null, "it is a folder, not a file");
    }
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      var mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new MappedFile(path, arena, plain(mapped));
    }
  }

  /**
   * Presents mapped memory as allocated memory, with the same bytes and lifetime; returns other
   * memory as it is.
   *
   * <p>The loops over rows run up to 1.7 times slower once they have seen two classes of segments,
   * and mapped memory has a class of its own; reinterpreting gives it that of allocated memory.
   * That is a restricted operation, so without {@code --enable-native-access} it is left out.
   */
  @SuppressWarnings("restricted")
  public static MemorySegment plain(MemorySegment memory) {
    return memory.isMapped() && MappedFile.class.getModule().isNativeAccessEnabled()
        ? memory.reinterpret(memory.byteSize())
        : memory;
  }

  /** Exception for a file that contradicts its format at {@code offset}. */
  public VectorDataException damaged(
      String rule, long offset, Object expected, Object found, String advice) {
    return new VectorDataException(
        "%s: file=%s, offset=%d, expected=%s, found=%s; %s"
            .formatted(rule, path, offset, expected, found, advice));
  }
}
