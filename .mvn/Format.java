import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;

/**
 * Checks or fixes the format of every Java source: google-java-format, in the JDK that compiles the
 * project. A formatter inside Maven would read the sources with the Java that runs Maven, and that
 * may be a 17.
 *
 * <p>Arguments: {@code check} or {@code fix}, the project's folder, and the file that takes the
 * list of what is not as it should be; without such sources there is no such file afterwards.
 */
void main(String[] args) throws IOException {
  var fix = args[0].equals("fix");
  var root = Path.of(args[1]);
  var bad = new ConcurrentSkipListMap<Path, String>();
  sources(root).parallelStream()
      .forEach(
          file -> {
            try {
              var before = Files.readString(file);
              var after = format(before);
              if (after.equals(before)) return;
              if (fix) {
                // One pass does not always reach what the next pass would leave alone.
                for (int pass = 0; pass < 3; pass++) after = format(after);
                Files.writeString(file, after);
              }
              bad.put(root.relativize(file), fix ? "formatted" : "not formatted");
            } catch (FormatterException | IOException e) {
              bad.put(root.relativize(file), e.toString());
            }
          });
  var report = Path.of(args[2]);
  Files.deleteIfExists(report);
  var lines = bad.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).toList();
  if (fix) lines.forEach(IO::println);
  if (fix && bad.values().stream().allMatch("formatted"::equals)) return;
  if (!bad.isEmpty()) Files.write(report, lines);
}

String format(String source) throws FormatterException {
  return new Formatter().formatSourceAndFixImports(source);
}

/** All Java files below the folder, build outputs and hidden folders left out. */
List<Path> sources(Path root) throws IOException {
  var found = new ArrayList<Path>();
  Files.walkFileTree(
      root,
      new SimpleFileVisitor<>() {
        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
          var name = folder.getFileName().toString();
          var skip = name.equals("target") || (name.startsWith(".") && !name.equals(".mvn"));
          return skip && !folder.equals(root)
              ? FileVisitResult.SKIP_SUBTREE
              : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
          if (file.toString().endsWith(".java")) found.add(file);
          return FileVisitResult.CONTINUE;
        }
      });
  return found;
}
