package dev.kith.db.testing;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Names with {@code /} between them. Relative ones are seen from the root. */
record SimulatedPath(SimulatedFileSystem fileSystem, boolean absolute, List<String> names)
    implements Path {

  static SimulatedPath parse(SimulatedFileSystem fileSystem, String text) {
    var names = Arrays.stream(text.split("/")).filter(name -> !name.isEmpty()).toList();
    return new SimulatedPath(fileSystem, text.startsWith("/"), names);
  }

  private SimulatedPath with(boolean isAbsolute, List<String> newNames) {
    return new SimulatedPath(fileSystem, isAbsolute, List.copyOf(newNames));
  }

  private SimulatedPath mine(Path other) {
    if (other instanceof SimulatedPath path) {
      return path;
    }
    throw new ProviderMismatchException("not a path of a simulated disk: " + other);
  }

  @Override
  public FileSystem getFileSystem() {
    return fileSystem;
  }

  @Override
  public boolean isAbsolute() {
    return absolute;
  }

  @Override
  public @Nullable Path getRoot() {
    return absolute ? with(true, List.of()) : null;
  }

  @Override
  public @Nullable Path getFileName() {
    return names.isEmpty() ? null : with(false, List.of(names.getLast()));
  }

  @Override
  public @Nullable Path getParent() {
    return names.isEmpty() || (names.size() == 1 && !absolute)
        ? null
        : with(absolute, names.subList(0, names.size() - 1));
  }

  @Override
  public int getNameCount() {
    return names.size();
  }

  @Override
  public Path getName(int index) {
    return with(false, List.of(names.get(index)));
  }

  @Override
  public Path subpath(int from, int to) {
    return with(false, names.subList(from, to));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof SimulatedPath path
        && path.absolute == absolute
        && path.names.size() <= names.size()
        && names.subList(0, path.names.size()).equals(path.names);
  }

  @Override
  public boolean endsWith(Path other) {
    return other instanceof SimulatedPath path
        && path.names.size() <= names.size()
        && (path.absolute
            ? equals(path)
            : names.subList(names.size() - path.names.size(), names.size()).equals(path.names));
  }

  @Override
  public Path normalize() {
    var normal = new ArrayList<String>();
    for (var name : names) {
      if (name.equals("..") && !normal.isEmpty()) {
        normal.removeLast();
      } else if (!name.equals(".") && !name.equals("..")) {
        normal.add(name);
      }
    }
    return with(absolute, normal);
  }

  @Override
  public Path resolve(Path other) {
    var path = mine(other);
    if (path.absolute) {
      return path;
    }
    var all = new ArrayList<>(names);
    all.addAll(path.names);
    return with(absolute, all);
  }

  @Override
  public Path relativize(Path other) {
    var path = mine(other);
    int same = 0;
    while (same < Math.min(names.size(), path.names.size())
        && names.get(same).equals(path.names.get(same))) {
      same++;
    }
    var all = new ArrayList<String>();
    for (int i = same; i < names.size(); i++) {
      all.add("..");
    }
    all.addAll(path.names.subList(same, path.names.size()));
    return with(false, all);
  }

  @Override
  public URI toUri() {
    return URI.create("simulated:" + toAbsolutePath());
  }

  @Override
  public Path toAbsolutePath() {
    return with(true, names);
  }

  @Override
  public Path toRealPath(LinkOption... options) throws IOException {
    var real = toAbsolutePath().normalize();
    fileSystem.provider().checkAccess(real);
    return real;
  }

  @Override
  public File toFile() {
    throw new UnsupportedOperationException("a simulated file is no java.io.File");
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("simulated disks are not watched");
  }

  @Override
  public int compareTo(Path other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return (absolute ? "/" : "") + String.join("/", names);
  }
}
