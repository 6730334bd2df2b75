package dev.kith.cli.input;

import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Checks of files that the user names, made before hours of work depend on them. */
public final class UserFiles {

  private UserFiles() {}

  /** Exception for a failure, such as a full disk, that names the file concerned. */
  public static IOException about(Path file, IOException failure) {
    if (failure instanceof FileSystemException) {
      return failure;
    }
    var named = new FileSystemException(file.toString(), null, failure.getMessage());
    named.initCause(failure);
    return named;
  }

  /** Opens vectors to read; closing is the caller's. */
  public static VectorSource vectors(Path file) throws IOException {
    requireReadable(file);
    return VectorFiles.open(file);
  }

  /** Checks that {@code file} exists and is no folder. */
  public static void requireReadable(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "it is a folder, not a file");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
  }

  /** Checks that {@code file} has one of {@code endings} and can be created or replaced. */
  public static void requireWritable(Path file, String... endings) throws IOException {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (Stream.of(endings).noneMatch(name::endsWith)) {
      throw new IllegalArgumentException(
          "what is written must end in %s: file=%s".formatted(String.join(" or ", endings), file));
    }
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "it is a folder, not a file");
    }
    requireFolder(file, file.toAbsolutePath().getParent());
  }

  /** Checks that {@code folder} exists and files can be created in it. */
  public static void requireFolder(Path folder) throws IOException {
    requireFolder(folder, folder);
  }

  private static void requireFolder(Path named, @Nullable Path folder) throws IOException {
    if (folder == null || !Files.isDirectory(folder)) {
      throw new FileSystemException(
          named.toString(), null, "there is no folder %s; make it first".formatted(folder));
    }
    if (!Files.isWritable(folder)) {
      throw new FileSystemException(
          named.toString(), null, "no permission to write in the folder " + folder);
    }
  }
}
