package dev.kith.db.testing;

import dev.kith.db.testing.SimulatedDisk.Edit;
import dev.kith.db.testing.SimulatedDisk.Operation;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens, lists, moves and deletes on a {@link SimulatedDisk}. */
final class SimulatedProvider extends FileSystemProvider {
  private final SimulatedFileSystem fileSystem;

  SimulatedProvider(SimulatedFileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  private SimulatedDisk disk() {
    return fileSystem.disk;
  }

  private static SimulatedPath normal(Path path) {
    return (SimulatedPath) path.toAbsolutePath().normalize();
  }

  private @Nullable Node find(Path path) {
    Node node = disk().root;
    for (var name : normal(path).names()) {
      node = node.entries.get(name);
      if (node == null) {
        return null;
      }
    }
    return node;
  }

  private Node existing(Path path) throws IOException {
    disk().beginRead();
    var node = find(path);
    if (node == null) {
      throw new NoSuchFileException(path.toString());
    }
    return node;
  }

  /** The folder that holds the entry of {@code path}. */
  private Node folder(Path path) throws IOException {
    var parent = normal(path).getParent();
    if (parent == null) {
      throw new FileSystemException(path.toString(), null, "the root itself");
    }
    var node = existing(parent);
    if (!node.directory) {
      throw new NotDirectoryException(parent.toString());
    }
    return node;
  }

  private static String name(Path path) {
    return normal(path).names().getLast();
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    boolean append = options.contains(StandardOpenOption.APPEND);
    boolean write = append || options.contains(StandardOpenOption.WRITE);
    boolean read = !write || options.contains(StandardOpenOption.READ);
    if (options.contains(StandardOpenOption.DELETE_ON_CLOSE)) {
      throw new UnsupportedOperationException("simulated files are not deleted on close");
    }
    boolean createNew = options.contains(StandardOpenOption.CREATE_NEW);
    synchronized (disk()) {
      var node = find(path);
      if (write) {
        disk().begin(node == null ? Operation.CREATE : Operation.CHANGE);
      }
      if (node == null) {
        var folder = folder(path);
        if (!write || !(createNew || options.contains(StandardOpenOption.CREATE))) {
          throw new NoSuchFileException(path.toString());
        }
        node = new Node(false);
        disk().change(new Edit(folder, name(path), node));
      } else if (write && createNew) {
        throw new FileAlreadyExistsException(path.toString());
      } else if (write && node.directory) {
        throw new FileSystemException(path.toString(), null, "Is a directory");
      } else if (write && options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
        node.truncate(0);
      }
      disk().beginRead();
      return new SimulatedChannel(disk(), normal(path), node, read, write, append);
    }
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    var found = new ArrayList<Path>();
    synchronized (disk()) {
      var node = existing(folder);
      if (!node.directory) {
        throw new NotDirectoryException(folder.toString());
      }
      node.entries.keySet().forEach(name -> found.add(folder.resolve(name)));
    }
    var accepted = new ArrayList<Path>();
    for (var path : found) {
      if (filter.accept(path)) {
        accepted.add(path);
      }
    }
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return List.copyOf(accepted).iterator();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    synchronized (disk()) {
      if (find(folder) != null) {
        throw new FileAlreadyExistsException(folder.toString());
      }
      disk().begin(Operation.CREATE);
      disk().change(new Edit(folder(folder), name(folder), new Node(true)));
    }
  }

  @Override
  public void delete(Path path) throws IOException {
    synchronized (disk()) {
      var node = existing(path);
      disk().begin(Operation.CHANGE);
      if (!node.entries.isEmpty()) {
        throw new DirectoryNotEmptyException(path.toString());
      }
      disk().change(new Edit(folder(path), name(path), null));
    }
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    synchronized (disk()) {
      var node = existing(source);
      disk().begin(Operation.CHANGE);
      var old = find(target);
      var how = List.of(options);
      boolean replace =
          how.contains(StandardCopyOption.REPLACE_EXISTING)
              || how.contains(StandardCopyOption.ATOMIC_MOVE);
      if (old != null && !replace) {
        throw new FileAlreadyExistsException(target.toString());
      }
      if (old != null && !old.entries.isEmpty()) {
        throw new DirectoryNotEmptyException(target.toString());
      }
      if (old != node) {
        disk()
            .change(
                new Edit(folder(source), name(source), null),
                new Edit(folder(target), name(target), node));
      }
    }
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    if (Files.exists(target) && !List.of(options).contains(StandardCopyOption.REPLACE_EXISTING)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Files.write(target, Files.readAllBytes(source));
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    synchronized (disk()) {
      return path.equals(other) || existing(path) == existing(other);
    }
  }

  @Override
  public boolean isHidden(Path path) {
    return false;
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    synchronized (disk()) {
      existing(path);
    }
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    if (type != BasicFileAttributes.class) {
      throw new UnsupportedOperationException("a simulated disk has basic attributes only");
    }
    synchronized (disk()) {
      var node = existing(path);
      return type.cast(new Attributes(node.id, node.directory, node.size(), node.modified));
    }
  }

  private record Attributes(long id, boolean directory, long size, long modified)
      implements BasicFileAttributes {
    @Override
    public FileTime lastModifiedTime() {
      return FileTime.fromMillis(modified);
    }

    @Override
    public FileTime lastAccessTime() {
      return lastModifiedTime();
    }

    @Override
    public FileTime creationTime() {
      return FileTime.fromMillis(id);
    }

    @Override
    public boolean isRegularFile() {
      return !directory;
    }

    @Override
    public boolean isDirectory() {
      return directory;
    }

    @Override
    public boolean isSymbolicLink() {
      return false;
    }

    @Override
    public boolean isOther() {
      return false;
    }

    @Override
    public Object fileKey() {
      return id;
    }
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    var attributes = readAttributes(path, BasicFileAttributes.class, options);
    return Map.of(
        "size", attributes.size(),
        "isDirectory", attributes.isDirectory(),
        "isRegularFile", attributes.isRegularFile(),
        "lastModifiedTime", attributes.lastModifiedTime(),
        "creationTime", attributes.creationTime(),
        "fileKey", attributes.fileKey());
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    if (type != BasicFileAttributeView.class) {
      return null;
    }
    return type.cast(
        new BasicFileAttributeView() {
          @Override
          public String name() {
            return "basic";
          }

          @Override
          public BasicFileAttributes readAttributes() throws IOException {
            return SimulatedProvider.this.readAttributes(path, BasicFileAttributes.class);
          }

          @Override
          public void setTimes(FileTime modified, FileTime accessed, FileTime created)
              throws IOException {
            synchronized (disk()) {
              existing(path).modified = modified.toMillis();
            }
          }
        });
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options) {
    throw new UnsupportedOperationException("attributes of simulated files are not set by name");
  }

  @Override
  public String getScheme() {
    return "simulated";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> options) {
    throw new UnsupportedOperationException("make a SimulatedDisk instead");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return fileSystem;
  }

  @Override
  public Path getPath(URI uri) {
    return fileSystem.getPath(uri.getPath());
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw new UnsupportedOperationException("a simulated disk has no file stores");
  }
}
