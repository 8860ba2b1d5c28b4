package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0      | queries   | 0 queries
          1      | queries   | 1 query
          1      | batches   | 1 batch
          1      | sequences | 1 sequence
          117791 | bytes     | 117,791 bytes
          """)
  void oneOfThemIsNamedInTheSingular(long count, String nouns, String expected) {
    assertThat(Words.counted(count, nouns)).isEqualTo(expected);
  }
}
