package dev.kith.lab.ladder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.lab.ladder.LadderResult.Skipped;
import dev.kith.lab.ladder.LadderResult.Task;
import dev.kith.lab.ladder.RungResult.DeviceTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
  void fromJson_anOlderDocument_hasNoRemarksAndNoWork() throws Exception {
    var task = new Task("memory", 1, 1, 1, 1, "l2");
    var whole = new LadderResult(task, "", "", List.of(rung(true, null)), List.of());
    var document = new JsonMapper().readTree(whole.toJson());
    ((ObjectNode) document.at("/rungs/0")).remove(List.of("cpuMillis", "remarks"));
    var read = LadderResult.fromJson(document.toString()).rungs().getFirst();
    assertThat(read.cpuMillis()).isNull();
    assertThat(read.remarks()).isEmpty();
    assertThat(read.runs()).isEqualTo(whole.rungs().getFirst().runs());
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"hits":[]} | missing, unknown or of another kind: task
          {}          | missing, unknown or of another kind: task
          []          | it is no object
          ''          | it is no object
          null        | it is null
          rungs       | Unrecognized token 'rungs': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
          {"task":nul | Unrecognized token 'nul': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
          """)
  void fromJson_somethingElse_saysWhatWasExpected(String json, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderResult.fromJson(json))
        .withMessage("not the document of kith lab ladder --json: " + reason);
  }

  @ParameterizedTest
  @CsvSource({
    "/task, task",
    "/machine, machine",
    "/rungs, rungs",
    "/rungs/0, rungs.0",
    "/rungs/0/rows, rungs.0.rows",
    "/rungs/0/millis, rungs.0.millis"
  })
  void fromJson_aPartIsNull_isRefused(String part, String named) throws Exception {
    var task = new Task("memory", 1, 1, 1, 1, "l2");
    var whole = new LadderResult(task, "", "", List.of(rung(true, null)), List.of());
    var document = new JsonMapper().readTree(whole.toJson());
    var pointer = JsonPointer.compile(part);
    var parent = document.at(pointer.head());
    if (parent instanceof ArrayNode array) {
      array.setNull(pointer.last().getMatchingIndex());
    } else {
      ((ObjectNode) parent).putNull(pointer.last().getMatchingProperty());
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LadderResult.fromJson(document.toString()))
        .withMessage(
            "not the document of kith lab ladder --json: missing, unknown or of another kind: "
                + named);
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
        "Scalar.java",
        42.5,
        List.of("machine busy"));
  }
}
