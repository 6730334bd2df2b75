package dev.kith.core.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.VectorDataException;
import java.util.List;
import org.junit.jupiter.api.Test;

class KithExceptionTest {
  @Test
  void reaction_ofEachKindOfFailure_isWhatACallerCanDo() {
    var cause = new IllegalStateException("cause");
    List<KithException> all =
        List.of(
            new BackendUnavailableException("a", cause),
            new SearchStoppedException("b"),
            new VectorDataException("c"));
    assertThat(all)
        .extracting(KithException::reaction)
        .containsExactly(Reaction.CONFIGURE, Reaction.RETRY, Reaction.RESTORE);
    assertThat(all).extracting(Throwable::getMessage).containsExactly("a", "b", "c");
    assertThat(all.getFirst()).hasCause(cause);
  }
}
