package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
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

  @Test
  void oneMoreCopyIsASentenceOfEitherSign() {
    assertThat(Show.oneMoreCopy("dog", "", 0.87))
        .isEqualTo(
            "One more copy of dog in training would make this answer about 0.87 nats more likely.");
    assertThat(Show.oneMoreCopy("dog", ", through these layers,", -0.5))
        .isEqualTo(
            "One more copy of dog in training would, through these layers, make this answer about 0.50 nats less likely.");
    assertThat(Show.oneMoreCopy("dog", "", 1e-9))
        .isEqualTo("One more copy of dog in training would hardly change this answer.");
  }

  @Test
  void numbersHaveNoExponentWhereTheyAreRoundedUpToAThousand() {
    assertThat(Show.number(999.7)).isEqualTo("1,000");
    assertThat(Show.number(0.5367)).isEqualTo("0.537");
  }
}
