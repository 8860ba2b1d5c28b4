package dev.whence.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DampingTest {
  @Test
  void relativeIsAShareOfTheMeanAndAbsoluteIgnoresIt() {
    assertThat(new Damping.Relative(0.5).of(8)).isEqualTo(4);
    assertThat(new Damping.Absolute(0.5).of(8)).isEqualTo(0.5);
    assertThat(Damping.DEFAULT.of(8)).isEqualTo(0.8);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void whatCannotDampIsRefusedByTheNameOfItsOption(double value) {
    assertThatThrownBy(() -> new Damping.Relative(value))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("--damping-ratio is %s but must be a positive number", value);
    assertThatThrownBy(() -> new Damping.Absolute(value))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("--damping is %s but must be a positive number", value);
  }
}
