package dev.kith.lab.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs {@code peer.py} with a Python of the user's, a process a peer, so that one that fails takes
 * no other with it.
 */
final class PythonPeers {
  /** Names of the peers, in the order in which they are shown; peer.py knows each. */
  static final List<String> NAMES =
      List.of("numpy", "faiss-cpu", "torch-cpu", "faiss-gpu", "torch-gpu", "cupy", "cuvs");

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final List<String> THREADS_OF =
      List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS");

  private final String python;
  private final Duration limit;

  /** Thrown when a peer cannot run, with the reason. */
  static final class MissingPeerException extends Exception {
    private static final long serialVersionUID = 1;

    MissingPeerException(String reason) {
      super(reason);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /**
   * Creates a runner of peers with one Python.
   *
   * @param python name or path of the program
   * @param limit longest time that one peer may take
   */
  PythonPeers(String python, Duration limit) {
    this.python = python;
    this.limit = limit;
  }

  /**
   * Runs one peer.
   *
   * @param threads threads that its libraries may use
   * @param blas processor that its OpenBLAS is to take this one for; empty for its own choice
   * @param arguments arguments of peer.py, after the peer's name
   * @return the document that peer.py printed
   * @throws MissingPeerException if there is no such Python, the peer is not there, or it fails
   */
  JsonNode run(String peer, int threads, String blas, List<String> arguments)
      throws IOException, MissingPeerException {
    var out = Files.createTempFile("kith-peer", ".json");
    var err = Files.createTempFile("kith-peer", ".err");
    try {
      var command = new ArrayList<>(List.of(python, "-", peer));
      command.addAll(arguments);
      var builder = new ProcessBuilder(command).redirectOutput(out.toFile());
      builder.redirectError(err.toFile());
      THREADS_OF.forEach(name -> builder.environment().put(name, String.valueOf(threads)));
      if (!blas.isEmpty()) {
        builder.environment().put("OPENBLAS_CORETYPE", blas);
      }
      int status = finish(start(builder), peer);
      var printed = text(out);
      if (status != 0) {
        throw new MissingPeerException(
            "it failed with status %d: %s".formatted(status, lastLine(text(err))));
      }
      var document = MAPPER.readTree(printed);
      if (document.hasNonNull("missing")) {
        throw new MissingPeerException(document.get("missing").textValue());
      }
      if (!document.has("runs")) { // nothing at all, say, with status 0
        throw new MissingPeerException(
            "it did not run peer.py; name a Python by --python: " + python);
      }
      return document;
    } catch (JsonProcessingException e) {
      throw new MissingPeerException("it printed no JSON document: " + e.getOriginalMessage());
    } finally {
      Files.deleteIfExists(out);
      Files.deleteIfExists(err);
    }
  }

  private Process start(ProcessBuilder builder) throws MissingPeerException {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new MissingPeerException(
          "no Python at %s; name one by --python (%s)".formatted(python, e.getMessage()));
    }
  }

  private int finish(Process process, String peer) throws IOException, MissingPeerException {
    try (var script = PythonPeers.class.getResourceAsStream("peer.py")) {
      if (script == null) {
        throw new IOException("peer.py is missing from kith-lab; build it again");
      }
      try (var in = process.getOutputStream()) {
        script.transferTo(in);
      } catch (IOException e) {
        // It ended before it read the script; its status and its last words say why.
      }
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new MissingPeerException("it did not end within %d s".formatted(limit.toSeconds()));
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the peer " + peer + " ran", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Text of a file that a peer printed to; malformed UTF-8 is no reason to fail. */
  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), UTF_8);
  }

  private static String lastLine(String text) {
    var lines = text.strip().lines().toList();
    return lines.isEmpty() ? "it said nothing" : lines.getLast().strip();
  }
}
