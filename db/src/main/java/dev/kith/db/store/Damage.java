package dev.kith.db.store;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.format.Kith1VectorsFormat;
import dev.kith.db.format.KithVectorsFormat;
import dev.kith.db.format.SegmentVectors;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.SegmentReader;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.jspecify.annotations.Nullable;

/**
 * Tells failures that a damaged file caused from others: bytes that were changed on the disk come
 * out of Lucene's decoders as exceptions of any kind, which name no file.
 */
public final class Damage {
  private static final Pattern UNKNOWN_FORMAT =
      Pattern.compile(
          "SPI class of type %s with name '([^']*)' does not exist"
              .formatted(Pattern.quote(KnnVectorsFormat.class.getName())));

  private Damage() {}

  /**
   * The exception to throw for what went wrong while segments were read: one that names the damaged
   * file, if one of theirs is, else the failure itself.
   */
  public static RuntimeException explained(Throwable failure, DirectoryReader reader) {
    if (isExpected(failure)) {
      return unchecked(failure);
    }
    var found = find(reader);
    return found == null ? unchecked(failure) : damaged(found, failure);
  }

  /** The same for an opening that failed, where all files of the directory count. */
  static RuntimeException explained(Throwable failure, CollectionFolder files) throws IOException {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof NoSuchFileException missing) {
        return damaged("file=%s is missing".formatted(missing.getFile()), failure);
      }
    }
    var newer = newer(failure, files);
    if (newer != null) {
      return newer;
    }
    if (failure instanceof FileSystemException
        || !(failure instanceof IOException || isUnexplained(failure))) {
      return unchecked(failure);
    }
    try (var directory = files.directory()) {
      var found = find(directory);
      return found == null ? unchecked(failure) : damaged(found, failure);
    }
  }

  /** Lucene knows formats by name, and says of an unknown one that a JAR is missing. */
  private static @Nullable RuntimeException newer(Throwable failure, CollectionFolder files) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      var unknown = UNKNOWN_FORMAT.matcher(String.valueOf(e.getMessage()));
      if (e instanceof IllegalArgumentException && unknown.find()) {
        var exception =
            new VectorDataException(
                "segments must be of a format that this Kith knows: collection=%s, found=%s, known=%s, %s; they are of a newer Kith: use that"
                    .formatted(
                        files, unknown.group(1), Kith1VectorsFormat.NAME, KithVectorsFormat.NAME));
        exception.initCause(failure);
        return exception;
      }
    }
    return null;
  }

  /** What says itself neither what is wrong nor where: no exception of Kith's own. */
  private static boolean isUnexplained(Throwable failure) {
    return failure instanceof InternalError
        || (failure instanceof RuntimeException
            && !failure.getClass().getName().startsWith("dev.kith."));
  }

  /** What callers and the outside world cause. */
  private static boolean isExpected(Throwable failure) {
    return switch (failure) {
      case IllegalArgumentException _,
          AlreadyClosedException _,
          SearchStoppedException _,
          BackendUnavailableException _ ->
          true;
      default -> false;
    };
  }

  private static RuntimeException unchecked(Throwable failure) {
    return switch (failure) {
      case IOException e -> new UncheckedIOException(e);
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(failure);
    };
  }

  private static VectorDataException damaged(String found, Throwable failure) {
    var exception =
        new VectorDataException(
            "a segment's file must be as it was written: %s; run `kith verify` for all that is damaged, and restore a snapshot"
                .formatted(found));
    exception.initCause(failure);
    return exception;
  }

  private static @Nullable String find(DirectoryReader reader) {
    for (var leaf : reader.leaves()) {
      if (FilterLeafReader.unwrap(leaf.reader()) instanceof SegmentReader segment) {
        for (var file : files(segment)) {
          var found = find(segment.directory(), file);
          if (found != null) {
            return found + parts(segment);
          }
        }
      }
    }
    return null;
  }

  /** Which parts of the vectors are damaged; files say it of themselves as a whole. */
  private static String parts(SegmentReader segment) {
    try {
      return SegmentVectors.damagedParts(segment).stream()
          .map(part -> "; damaged part: " + part)
          .collect(Collectors.joining());
    } catch (IOException | RuntimeException e) {
      return ""; // the file is named, and cannot be read
    }
  }

  private static Collection<String> files(SegmentReader segment) {
    try {
      return segment.getSegmentInfo().files();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static @Nullable String find(Directory directory) throws IOException {
    for (var file : directory.listAll()) {
      var found = isUnfinished(file) ? null : find(directory, file);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static boolean isUnfinished(String file) {
    return file.startsWith("pending_") || file.endsWith(".tmp") || file.endsWith(".lock");
  }

  private static @Nullable String find(Directory directory, String file) {
    try (var in = directory.openInput(file, IOContext.READONCE)) {
      CodecUtil.checksumEntireFile(in);
      return null;
    } catch (CorruptIndexException
        | IndexFormatTooOldException
        | IndexFormatTooNewException
        | EOFException
        | IndexOutOfBoundsException
        | InternalError e) {
      return "file=%s, found=%s".formatted(file, e.getMessage());
    } catch (IOException | RuntimeException e) {
      return null; // it cannot be read now, which says nothing of its bytes
    }
  }
}
