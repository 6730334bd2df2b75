package dev.kith.lab.profile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActivityTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dots                                              | dots",
        "void dots(float const*, int)                      | dots",
        "void kith::scan<float, 4>(kith::Rows<float>, int) | scan",
        "std::enable_if<(1)>::type ns::pick<int(*)()>(int) | pick",
        "(anonymous namespace)::hidden(int)                | hidden"
      })
  void shortName_demangledName_isTheNameAlone(String name, String expected) {
    assertThat(Profiles.kernel(name, 0, 1, 1).shortName()).isEqualTo(expected);
  }
}
