package dev.whence.lab.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenSequencesTest {
  @Test
  void passTakesEverySequenceOnceShortestFirst() {
    TokenSequences set =
        TokenSequences.whole(
            List.of(new int[5], new int[2], new int[9], new int[2], new int[4]), Device.CPU);
    List<Long> keys = new ArrayList<>();
    List<Long> positions = new ArrayList<>();
    set.pass(2)
        .run(batch -> {
          for (long key : batch.keys().toLongs()) {
            keys.add(key);
          }
          positions.add(batch.inputs().size(1));
        });
    assertThat(keys).containsExactly(1L, 3L, 4L, 0L, 2L);
    assertThat(positions).containsExactly(1L, 4L, 8L);
  }
}
