import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the contestants on a JVM share: the protocol of README.md and .npy files. Each request is a
 * line, and so is each answer.
 */
final class PeerProgram {
  /** A library under measurement. One thread calls it. */
  interface Library {
    /**
     * Takes rows and queries, unit vectors if the metric is cosine; returns its name and version.
     */
    String load(float[][] rows, float[][] queries, String metric, int k, int threads)
        throws Exception;

    /** Builds the index and returns its bytes, rows included. */
    long build(Map<String, Integer> settings) throws Exception;

    /** Writes the rows nearest to one query, nearest first; returns their number. */
    int search(int query, int width, int[] found) throws Exception;
  }

  private static final Pattern SHAPE =
      Pattern.compile("'shape': *\\(\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,?\\s*\\)");

  private PeerProgram() {}

  /** Answers requests until standard input ends. What the library prints goes to standard error. */
  static void run(Library library) throws IOException {
    var answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err);
    var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    int k = 0;
    for (var line = requests.readLine(); line != null; line = requests.readLine()) {
      var words = line.split("\t");
      try {
        switch (words[0]) {
          case "load" -> {
            k = Integer.parseInt(words[4]);
            answers.println(load(library, words));
          }
          case "build" -> answers.println(build(library, words));
          case "search" -> answers.println(search(library, words, k));
          default -> throw new IllegalArgumentException("no such request: " + words[0]);
        }
      } catch (Exception | LinkageError | OutOfMemoryError e) {
        answers.println("failed\t" + e.toString().replaceAll("\\s+", " "));
      }
      answers.flush();
    }
    System.exit(0); // a library's own threads may go on
  }

  private static String load(Library library, String[] words) throws Exception {
    var rows = read(Path.of(words[1]));
    var queries = read(Path.of(words[2]));
    if (words[3].equals("cosine")) {
      normalize(rows);
      normalize(queries);
    }
    var name =
        library.load(
            rows, queries, words[3], Integer.parseInt(words[4]), Integer.parseInt(words[5]));
    return "loaded\t%d\t%d\t%d\t%s".formatted(rows.length, rows[0].length, queries.length, name);
  }

  private static String build(Library library, String[] words) throws Exception {
    var settings = new HashMap<String, Integer>();
    for (var word : Arrays.asList(words).subList(1, words.length)) {
      var pair = word.split("=");
      settings.put(pair[0], Integer.valueOf(pair[1]));
    }
    // The JIT compiler and the garbage collector work for the build, too.
    long start = processNanos();
    long bytes = library.build(settings);
    return "built\t%d\t%d".formatted(processNanos() - start, bytes);
  }

  private static String search(Library library, String[] words, int k) throws Exception {
    int width = Integer.parseInt(words[1]);
    int from = Integer.parseInt(words[2]);
    int count = Integer.parseInt(words[3]) - from;
    var found = new int[count][k];
    var sizes = new int[count];
    var threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    for (int at = 0; at < count; at++) {
      sizes[at] = library.search(from + at, width, found[at]);
    }
    long took = threads.getCurrentThreadCpuTime() - start;
    var line = new StringBuilder("found\t").append(took);
    for (int at = 0; at < count; at++) {
      for (int rank = 0; rank < Math.max(sizes[at], 1); rank++) {
        line.append(rank == 0 ? '\t' : ',').append(sizes[at] == 0 ? "" : found[at][rank]);
      }
    }
    return line.toString();
  }

  private static long processNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** Reads a .npy file of float32, row-major. */
  private static float[][] read(Path file) throws IOException {
    try (var channel = FileChannel.open(file)) {
      var head = exactly(channel, 12).order(ByteOrder.LITTLE_ENDIAN);
      boolean first = head.get(6) == 1;
      int length = first ? head.getShort(8) & 0xFFFF : head.getInt(8);
      channel.position(first ? 10 : 12);
      var header = StandardCharsets.US_ASCII.decode(exactly(channel, length)).toString();
      var shape = SHAPE.matcher(header);
      if (!header.contains("<f4") || header.contains("True") || !shape.find()) {
        throw new IOException("expected rows of little-endian float32 in C order: " + file);
      }
      var rows = new float[Integer.parseInt(shape.group(1))][Integer.parseInt(shape.group(2))];
      int bytes = 4 * rows[0].length;
      int block = Math.max(1, (1 << 20) / bytes);
      for (int at = 0; at < rows.length; at += block) {
        int count = Math.min(block, rows.length - at);
        var values = exactly(channel, count * bytes).order(ByteOrder.LITTLE_ENDIAN);
        var floats = values.asFloatBuffer();
        for (int row = at; row < at + count; row++) {
          floats.get(rows[row]);
        }
      }
      return rows;
    }
  }

  private static ByteBuffer exactly(FileChannel channel, int bytes) throws IOException {
    var buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new IOException("file is shorter than its header says");
      }
    }
    return buffer.flip();
  }

  private static void normalize(float[][] vectors) {
    for (var vector : vectors) {
      double sum = 0;
      for (float value : vector) {
        sum += (double) value * value;
      }
      double scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
      for (int e = 0; e < vector.length; e++) {
        vector[e] = (float) (vector[e] * scale);
      }
    }
  }
}
