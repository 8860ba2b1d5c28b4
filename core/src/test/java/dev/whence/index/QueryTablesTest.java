package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

class QueryTablesTest {
  private static final int COMPONENTS = 24;
  private static final PositionCode CODE = new PositionCode(COMPONENTS, 4);

  /** Few tokens, so that positions share them; sequences have tokens that no query has. */
  private static final int QUERY_TOKENS = 5;

  private static final int SEQUENCE_TOKENS = 9;

  @RepeatedTest(20)
  void scoreIsTheSumOverPairsOfPositionsWeighedByWhatTheyShare(RepetitionInfo repetition) {
    long seed = repetition.getCurrentRepetition();
    Random random = new Random(seed);
    QuerySketch query = sketch(random, 2 + random.nextInt(12));
    int[] tokens = random.ints(2 + random.nextInt(20), 0, SEQUENCE_TOKENS).toArray();
    float[][] numbers = numbers(random, tokens.length - 1);
    MatchWeights weights =
        new MatchWeights(
            random.nextDouble(),
            random.nextDouble(),
            random.nextDouble(),
            random.nextBoolean() ? 0 : random.nextDouble());

    MemorySegment records = MemorySegment.ofArray(new byte[numbers.length * CODE.bytes()]);
    double expected = 0;
    double size = 0;
    for (int s = 0; s < numbers.length; s++) {
      CODE.encode(numbers[s], 0, records, (long) s * CODE.bytes());
      for (int t = 0; t < query.numbers().length; t++) {
        boolean input = query.tokens()[t] == tokens[s];
        boolean target = query.tokens()[t + 1] == tokens[s + 1];
        double weight =
            input && target
                ? weights.both()
                : target ? weights.target() : input ? weights.input() : weights.neither();
        double pair =
            (double) PositionCode.scale(records, (long) s * CODE.bytes())
                * CODE.product(CODE.prepared(query.numbers()[t]), records, (long) s * CODE.bytes());
        expected += weight * pair;
        size += Math.abs(pair);
      }
    }
    assertThat(new QueryTables(CODE, query, weights).score(tokens, records, 0))
        .as("seed %d", seed)
        .isCloseTo((float) expected, within((float) (1e-5 * size)));
  }

  private static QuerySketch sketch(Random random, int length) {
    return new QuerySketch(
        random.ints(length, 0, QUERY_TOKENS).toArray(), numbers(random, length - 1));
  }

  private static float[][] numbers(Random random, int positions) {
    float[][] numbers = new float[positions][COMPONENTS];
    for (float[] position : numbers) {
      for (int j = 0; j < COMPONENTS; j++) {
        position[j] = (float) random.nextGaussian();
      }
    }
    return numbers;
  }
}
