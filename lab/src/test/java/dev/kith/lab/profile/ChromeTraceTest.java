package dev.kith.lab.profile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.core.testing.Seeded;
import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Place;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Seeded.class)
class ChromeTraceTest {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  @TempDir Path temp;

  @RepeatedTest(10)
  void write_anyProfile_hasASliceForEachActivityToTheNanosecond(SplittableRandom random)
      throws Exception {
    var profile = Profiles.random(random);
    var slices = events(profile, "X");
    assertThat(slices).hasSameSizeAs(profile.activities());
    for (int i = 0; i < slices.size(); i++) {
      var activity = profile.activities().get(i);
      var slice = slices.get(i);
      assertThat(nanos(slice, "ts")).isEqualTo(activity.start());
      assertThat(nanos(slice, "dur")).isEqualTo(activity.nanos());
      assertThat(slice.get("name").textValue())
          .isEqualTo(activity instanceof Kernel k ? k.shortName() : activity.name());
      assertThat(slice.get("pid").longValue() == profile.pid())
          .isEqualTo(!(activity instanceof Activity.OnDevice));
    }
  }

  @Test
  void write_callThatStartedAKernel_hasAnArrowBetweenThem() throws Exception {
    var profile =
        Profiles.of(
            new Call(100, 200, 12, 5, "cuLaunchKernel", true, 0),
            new Call(300, 400, 12, 6, "cuCtxSynchronize", true, 0),
            new Kernel(
                250,
                390,
                new Place(0, 1, 7, 5),
                "scan",
                "scan",
                Profiles.ONE,
                Profiles.ONE,
                1,
                0,
                0,
                0));
    var from = events(profile, "s");
    var to = events(profile, "f");
    assertThat(from).hasSize(1);
    assertThat(to).hasSize(1);
    assertThat(nanos(from.getFirst(), "ts")).isEqualTo(100);
    assertThat(from.getFirst().get("tid").longValue()).isEqualTo(12);
    assertThat(nanos(to.getFirst(), "ts")).isEqualTo(250);
    assertThat(to.getFirst().get("tid").longValue()).isEqualTo(7);
    assertThat(to.getFirst().get("bp").textValue()).isEqualTo("e");
    assertThat(from.getFirst().get("id")).isEqualTo(to.getFirst().get("id"));
    assertThat(events(profile, "M"))
        .extracting(event -> event.at("/args/name").textValue())
        .containsExactly("kith test", "GPU 0", "stream 7");
  }

  private List<JsonNode> events(Profile profile, String phase) throws Exception {
    var file = temp.resolve("trace.json");
    ChromeTrace.write(file, profile);
    var found = new ArrayList<JsonNode>();
    for (var event : JSON.readTree(file.toFile()).get("traceEvents")) {
      if (event.get("ph").textValue().equals(phase)) {
        found.add(event);
      }
    }
    return found;
  }

  private static long nanos(JsonNode event, String field) {
    return event.get(field).decimalValue().multiply(BigDecimal.valueOf(1000)).longValueExact();
  }
}
