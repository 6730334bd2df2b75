package dev.kith.lab.ladder;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.ladder.GpuLadder;
import dev.kith.cuda.ladder.GpuRates;
import dev.kith.cuda.ladder.GpuRung;
import dev.kith.cuda.ladder.GpuSearch;
import dev.kith.cuda.memory.DeviceBudgetException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** The rungs of a GPU: {@link GpuLadder}'s, their answers settled as the ladder asks. */
final class GpuRungs implements RungProvider {
  /**
   * Number of rows fetched beyond those asked for, because of rows too near each other for float32.
   */
  private static final int MORE = 16;

  @Override
  public String device() {
    return "gpu";
  }

  @Override
  public @Nullable String unavailable() {
    return GpuLadder.unavailable();
  }

  @Override
  public int mostNeighbours() {
    return GpuLadder.MOST_NEIGHBOURS - MORE;
  }

  @Override
  public List<Rung> rungs() {
    return GpuLadder.rungs().stream().<Rung>map(OnGpu::new).toList();
  }

  @Override
  public Floors floors(VectorSource rows) {
    var rates = tried(GpuRates::new);
    return (bytes, multiplyAdds, threads) ->
        Math.max(
            tried(() -> rates.readMillis(bytes)),
            multiplyAdds == 0 ? 0 : tried(() -> rates.computeMillis(multiplyAdds)));
  }

  private static <T extends @Nullable Object> T tried(Callable<T> work) {
    try {
      return work.call();
    } catch (CudaUnavailableException | CudaException | DeviceBudgetException e) {
      throw new BackendUnavailableException(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private record OnGpu(GpuRung rung) implements Rung {
    @Override
    public String name() {
      return rung.name();
    }

    @Override
    public String explanation() {
      return rung.description();
    }

    @Override
    public SourceCode code() {
      return new SourceCode(rung.file(), rung.source());
    }

    @Override
    public int queriesAtOnce(int queries) {
      return rung.queriesAtOnce(queries);
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public @Nullable String unavailable() {
      return null;
    }

    @Override
    public Prepared prepare(VectorSource rows, VectorSource queries, int k) {
      int asked = rung.proved() ? k : k + MORE;
      var search = tried(() -> rung.prepare(rows, queries, asked));
      try {
        return new OnDevice(search, rows, queries, k, tried(GpuLadder::device));
      } catch (RuntimeException e) {
        search.close();
        throw e;
      }
    }
  }

  /**
   * Search on a device, with its description.
   *
   * @param device name of the device, for the reader
   */
  private record OnDevice(
      GpuSearch search, VectorSource rows, VectorSource queries, int k, String device)
      implements Rung.Prepared {
    @Override
    public Rung.Answer search(int first, int count) {
      var found = tried(() -> search.search(first, count));
      var distances = found.distances();
      var answers = found.rows();
      if (distances != null) {
        for (int q = 0; q < count; q++) {
          answers[q] = Finalists.settle(rows, queries.row(first + q), k, answers[q], distances[q]);
        }
      }
      return new Rung.Answer(answers, found.bytes(), found.multiplyAdds(), device);
    }

    @Override
    public Rung.DeviceWork timed(int first, int count) {
      var time = tried(() -> search.timed(first, count));
      return new Rung.DeviceWork(time.kernels(), time.copies());
    }

    @Override
    public void close() {
      search.close();
    }
  }
}
