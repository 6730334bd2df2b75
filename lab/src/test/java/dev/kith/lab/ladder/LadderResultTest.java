package dev.kith.lab.ladder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.lab.ladder.LadderResult.Skipped;
import dev.kith.lab.ladder.LadderResult.Task;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The document that scripts and the report read. */
class LadderResultTest {

  @Test
  void toJson_readAgain_isTheSame() {
    var result =
        new LadderResult(
            new Task("memory", 75_000, 384, 64, 10, "l2"),
            "a machine",
            "unknown",
            List.of(rung(true, null), rung(false, new DeviceTime(1, 0.5, 0.25))),
            List.of(new Skipped("native", "cpu", "no C compiler")));
    assertThat(LadderResult.fromJson(result.toJson())).isEqualTo(result);
  }

  @Test
  void toJson_aRung_beginsWithTheFixedFields() throws Exception {
    var result =
        new LadderResult(
            new Task("memory", 1, 1, 1, 1, "l2"), "", "", List.of(rung(true, null)), List.of());
    var rung = new JsonMapper().readTree(result.toJson()).get("rungs").get(0);
    var names = new ArrayList<String>();
    rung.fieldNames().forEachRemaining(names::add);
    assertThat(names)
        .startsWith(
            "name",
            "device",
            "millis",
            "spread",
            "rows",
            "sameRows",
            "bytes",
            "floorMillis",
            "sampled");
    assertThat(rung.get("rows").get(1).longValue()).isEqualTo(7);
  }

  @Test
  void allSameRows_oneRungDiffers_isFalse() {
    var task = new Task("memory", 1, 1, 1, 1, "l2");
    var same = new LadderResult(task, "", "", List.of(rung(true, null)), List.of());
    var other =
        new LadderResult(task, "", "", List.of(rung(true, null), rung(false, null)), List.of());
    assertThat(same.allSameRows()).isTrue();
    assertThat(other.allSameRows()).isFalse();
  }

  @Test
  void fromJson_somethingElse_saysWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderResult.fromJson("{\"hits\":[]}"))
        .withMessageStartingWith("not the document of kith lab ladder --json: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderResult.fromJson("{}"))
        .withMessageStartingWith("not the document of kith lab ladder --json: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderResult.fromJson("rungs"))
        .withMessageStartingWith("not the document of kith lab ladder --json: ");
  }

  private static RungResult rung(boolean sameRows, @Nullable DeviceTime deviceTime) {
    return new RungResult(
        "scalar",
        "cpu",
        40.5,
        1.25,
        List.of(3L, 7L),
        sameRows,
        115_200_000,
        9.5,
        false,
        1,
        1,
        75_000,
        "plain Java",
        2000,
        List.of(40.0, 40.5, 42.0),
        deviceTime,
        "One loop.",
        "for (;;) {}",
        "Scalar.java");
  }
}
