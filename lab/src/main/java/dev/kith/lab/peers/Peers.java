package dev.kith.lab.peers;

import dev.kith.core.search.Effort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Other libraries that Kith is compared with, each with the settings that suit it. What each needs
 * is told in {@code lab/peers/README.md}.
 */
public final class Peers {
  /** Names of all peers, in the order in which they are shown. */
  public static final List<String> NAMES = List.of("hnswlib", "lucene", "jvector", "faiss");

  private Peers() {}

  /**
   * How peers run.
   *
   * @param k neighbours
   * @param threads threads of the builds; searches run on one
   * @param widths widths of the beam to measure, the least first
   * @param python Python that may have FAISS, by name or path
   * @param limit longest time that a build, or a piece, may take
   * @param folder folder in which their programs are built and kept: {@link #cacheFolder}
   * @param home folder with Kith's {@code mvnw}, which fetches jars; null if there is none
   */
  public record Settings(
      int k,
      int threads,
      List<Integer> widths,
      String python,
      Duration limit,
      Path folder,
      @Nullable Path home) {
    /** Copies the list. */
    public Settings {
      widths = List.copyOf(widths);
    }
  }

  /**
   * Contestants of the peers named; they start when they build.
   *
   * @throws IllegalArgumentException if there is no peer of a name
   */
  public static List<Contestant> of(List<String> names, PeerData data, Settings settings) {
    var efforts = settings.widths.stream().<Effort>map(Effort.Beam::new).toList();
    var told = new PeerProcess.Settings(settings.k, settings.threads, settings.limit);
    var programs = new PeerPrograms(settings.folder, settings.home, settings.python, "g++");
    var contestants = new ArrayList<Contestant>();
    for (var name : new LinkedHashSet<>(names)) {
      for (var setup : setups(name, programs)) {
        contestants.add(
            new PeerProcess(
                setup.name,
                setup.program,
                "m=%d\tefc=%d".formatted(setup.m, setup.width),
                data,
                told,
                efforts));
      }
    }
    return contestants;
  }

  /**
   * One way to build a peer's graph: neighbours a node, and the width of the beam that finds them.
   */
  private record Setup(String name, PeerProcess.Program program, int m, int width) {}

  private static List<Setup> setups(String peer, PeerPrograms programs) {
    return switch (peer) {
      case "hnswlib" ->
          List.of(
              new Setup("hnswlib M=16 efc=200", programs::hnswlib, 16, 200),
              new Setup("hnswlib M=32 efc=200", programs::hnswlib, 32, 200));
      case "lucene" ->
          List.of(
              new Setup("Lucene M=16 bw=100", programs::lucene, 16, 100),
              new Setup("Lucene M=32 bw=200", programs::lucene, 32, 200));
      case "jvector" ->
          List.of(
              new Setup("JVector M=16 bw=100", programs::jvector, 16, 100),
              new Setup("JVector M=32 bw=100", programs::jvector, 32, 100));
      case "faiss" -> List.of(new Setup("FAISS HNSW32 efc=200", programs::faiss, 32, 200));
      default ->
          throw new IllegalArgumentException(
              "no such peer: %s; there are %s".formatted(peer, String.join(", ", NAMES)));
    };
  }

  /**
   * Folder in which programs of peers are kept: system property {@code kith.peers}, or {@code
   * kith/peers} under {@code $XDG_CACHE_HOME}, or under {@code ~/.cache}.
   */
  public static Path cacheFolder() {
    var set = System.getProperty("kith.peers");
    if (set != null) {
      return Path.of(set);
    }
    var cache = System.getenv("XDG_CACHE_HOME");
    var base =
        cache == null || cache.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return base.resolve("kith").resolve("peers");
  }
}
