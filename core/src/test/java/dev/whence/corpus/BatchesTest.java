package dev.whence.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class BatchesTest {
  @RepeatedTest(50)
  void eachSequenceIsInOneBatchWithinItsSize() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    int[] lengths = random.ints(1 + random.nextInt(500), 1, 70).toArray();
    long from = random.nextInt(lengths.length);
    long to = from + random.nextInt(lengths.length - (int) from + 1);
    int batchTokens = 1 + random.nextInt(400);
    List<long[]> batches = Batches.of(i -> lengths[(int) i], from, to, batchTokens);
    String message = "seed " + seed;

    assertThat(batches.stream().flatMapToLong(Arrays::stream).sorted().toArray())
        .as(message)
        .isEqualTo(LongStream.range(from, to).toArray());
    for (long[] batch : batches) {
      int longest = Arrays.stream(batch).mapToInt(i -> lengths[(int) i] - 1).max().orElseThrow();
      assertThat(batch.length == 1 || batch.length * longest <= batchTokens).as(message).isTrue();
    }
  }

  @Test
  void littleOfABatchIsPadding() {
    long seed = 20260707;
    int[] lengths = new Random(seed).ints(10_000, 2, 513).toArray();
    long padded = 0;
    for (long[] batch : Batches.of(i -> lengths[(int) i], 0, lengths.length, 8192)) {
      int longest = Arrays.stream(batch).mapToInt(i -> lengths[(int) i] - 1).max().orElseThrow();
      padded += (long) longest * batch.length;
    }
    long used = Arrays.stream(lengths).mapToLong(n -> n - 1).sum();
    assertThat((double) padded / used).isLessThan(1.02);
  }

  @Test
  void longestComeFirstAndEqualsInOrder() {
    int[] lengths = {3, 5, 3, 5, 1};
    assertThat(Batches.of(i -> lengths[(int) i], 0, 5, 8))
        .containsExactly(new long[] {1, 3}, new long[] {0, 2, 4});
  }

  @Test
  void sequenceLargerThanABatchIsAlone() {
    assertThat(Batches.of(_ -> 100, 7, 9, 10)).containsExactly(new long[] {7}, new long[] {8});
    assertThat(Batches.of(_ -> 100, 7, 7, 10)).isEmpty();
  }
}
