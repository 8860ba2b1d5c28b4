package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShowTest {
  @ParameterizedTest
  @CsvSource({
    "1.3845, +1.4",
    "-0.0721, -0.072",
    "19.2, +19",
    "0.79, +0.79",
    "0.000004, +0.0000040",
    "0, 0",
    "1e-9, 0",
    "-1234.5, '-1,235'",
    "9.97, +10.0"
  })
  void whatOneMoreCopyChangesHasTwoDigits(double nats, String shown) {
    assertThat(Show.perCopy(nats)).isEqualTo(shown);
  }
}
