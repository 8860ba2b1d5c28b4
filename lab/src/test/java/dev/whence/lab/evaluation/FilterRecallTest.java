package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.influence.Candidates;
import dev.whence.lab.evaluation.FilterRecall.Exact;
import dev.whence.lab.evaluation.FilterRecall.Recall;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FilterRecallTest {
  @Test
  void sharesAreOfTheStrongestAndQueriesThatNothingRaisesDoNotCount() {
    long[] hundred = LongStream.range(0, 100).map(n -> 99 - n).toArray();
    Exact exact = new Exact(List.of(hundred, new long[0], new long[] {7, 3}), 1);
    Candidates candidates =
        Candidates.of(
            List.of(LongStream.range(95, 100).toArray(), new long[] {1}, new long[] {3}),
            100,
            Map.of());
    Recall recall = FilterRecall.recall(exact, candidates);
    assertThat(recall.top10()).containsExactly(0.5, 0.5);
    assertThat(recall.top100()).containsExactly(0.05, 0.5);
  }

  @Test
  void nothingThatRaisesAnyQueryIsAMistakeAndNotAShareOfNothing() {
    Exact exact = new Exact(List.of(new long[0]), 1);
    Candidates candidates = Candidates.of(List.of(new long[] {1}), 2, Map.of());
    assertThatThrownBy(() -> FilterRecall.recall(exact, candidates))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--queries");
  }
}
