package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

class QueryPositionsTest {
  private static final int SIDE = 12;
  private static final SidesFormat FORMAT = new SidesFormat(SIDE, 4);

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
        new MatchWeights(random.nextDouble(), random.nextDouble(), random.nextDouble());

    MemorySegment records = MemorySegment.ofArray(new byte[numbers.length * FORMAT.bytes()]);
    double expected = 0;
    double size = 0;
    for (int s = 0; s < numbers.length; s++) {
      long at = (long) s * FORMAT.bytes();
      FORMAT.encode(numbers[s], 0, records, at);
      for (int t = 0; t < query.numbers().length; t++) {
        boolean input = query.tokens()[t] == tokens[s];
        boolean target = query.tokens()[t + 1] == tokens[s + 1];
        double weight =
            input && target
                ? weights.both()
                : target ? weights.target() : input ? weights.input() : 0;
        float[] ofQuery = query.numbers()[t];
        double pair =
            (double) PositionFormat.scale(records, at) * FORMAT.product(ofQuery).with(records, at);
        expected += weight * pair;
        size += Math.abs(pair);
      }
    }
    double[] scores = new double[2];
    new QueryPositions(FORMAT, query, weights)
        .score(new int[][] {{}, tokens}, new long[] {0, 0}, records, scores);
    assertThat(scores[0]).isZero();
    assertThat(scores[1]).as("seed %d", seed).isCloseTo(expected, within(1e-5 * size));
  }

  private static QuerySketch sketch(Random random, int length) {
    return new QuerySketch(
        random.ints(length, 0, QUERY_TOKENS).toArray(), numbers(random, length - 1));
  }

  private static float[][] numbers(Random random, int positions) {
    float[][] numbers = new float[positions][2 * SIDE];
    for (float[] position : numbers) {
      for (int j = 0; j < position.length; j++) {
        position[j] = (float) random.nextGaussian();
      }
    }
    return numbers;
  }
}
