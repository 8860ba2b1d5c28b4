package dev.whence.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBudgetTest {
  @ParameterizedTest
  @CsvSource({
    "1048576, 1048576",
    "800m, 838860800",
    "16g, 17179869184",
    "16 GiB, 17179869184",
    "2KB, 2048",
    "1t, 1099511627776"
  })
  void sizesAreInPowersOf1024(String text, long bytes) {
    assertThat(MemoryBudget.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "g", "-1g", "1.5g", "16 gigs", "0", "999999999999t"})
  void anythingElseIsRefusedByName(String text) {
    assertThatThrownBy(() -> MemoryBudget.parse(text))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--memory is ");
  }

  @Test
  void aForgottenUnitIsAskedFor() {
    assertThatThrownBy(() -> MemoryBudget.parse("16")).hasMessageEndingWith("did you mean 16g?");
  }

  @Test
  void machineHasSomeAndJavaKnows() {
    assertThat(MemoryBudget.ofMachine().bytes()).isGreaterThan(1 << 28);
  }
}
