package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One query, ready to be compared with every indexed position: its positions' numbers, and which of
 * its positions read or predict a token.
 */
final class QueryPositions {
  private static final int[] NONE = {};

  private final SidesFormat format;
  private final MatchWeights weights;
  private final int[] targets; // of each position
  private final PositionProduct[] products; // of each position
  private final int[][] reading; // by token: the positions that read it
  private final int[][] predicting; // by token: the positions that predict it

  QueryPositions(SidesFormat format, QuerySketch query, MatchWeights weights) {
    this.format = format;
    this.weights = weights;
    int[] tokens = query.tokens();
    int positions = query.numbers().length;
    targets = Arrays.copyOfRange(tokens, 1, positions + 1);
    products = new PositionProduct[positions];
    for (int t = 0; t < positions; t++) {
      products[t] = format.product(query.numbers()[t]);
    }
    reading = positionsOf(Arrays.copyOf(tokens, positions));
    predicting = positionsOf(targets);
  }

  private static int[][] positionsOf(int... tokens) {
    int[][] positions = new int[Arrays.stream(tokens).max().orElse(0) + 1][];
    Arrays.fill(positions, NONE);
    for (int token : IntStream.of(tokens).distinct().toArray()) {
      positions[token] =
          IntStream.range(0, tokens.length).filter(t -> tokens[t] == token).toArray();
    }
    return positions;
  }

  /**
   * The estimate of a sequence's influence on the query.
   *
   * @param tokens of the sequence
   * @param records in which its positions begin at {@code at}
   */
  float score(int[] tokens, MemorySegment records, long at) {
    double score = 0;
    long record = at;
    for (int s = 0; s < tokens.length - 1; s++) {
      int[] sameInput = tokens[s] < reading.length ? reading[tokens[s]] : NONE;
      int[] sameTarget = tokens[s + 1] < predicting.length ? predicting[tokens[s + 1]] : NONE;
      if (sameInput.length + sameTarget.length > 0) {
        score +=
            PositionFormat.scale(records, record)
                * products(sameInput, sameTarget, tokens[s + 1], records, record);
      }
      record += format.bytes();
    }
    return (float) score;
  }

  private double products(
      int[] sameInput, int[] sameTarget, int target, MemorySegment records, long record) {
    double sum = 0;
    for (int t : sameInput) {
      double weight = targets[t] == target ? weights.both() : weights.input();
      sum += weight * products[t].with(records, record);
    }
    for (int t : sameTarget) {
      if (!contains(sameInput, t)) {
        sum += weights.target() * products[t].with(records, record);
      }
    }
    return sum;
  }

  private static boolean contains(int[] positions, int position) {
    for (int t : positions) {
      if (t == position) {
        return true;
      }
    }
    return false;
  }
}
