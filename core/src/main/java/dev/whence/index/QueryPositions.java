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
  private static final byte READ = 1;
  private static final byte PREDICTED = 2;

  private final int recordBytes;
  private final MatchWeights weights;
  private final int[] targets; // of each position
  private final PositionProduct[] products; // of each position
  private final byte[] roles; // by token: whether a position reads it, or predicts it
  private final int[][] reading; // by token: the positions that read it
  private final int[][] predicting; // by token: the positions that predict it

  QueryPositions(SidesFormat format, QuerySketch query, MatchWeights weights) {
    this.recordBytes = format.bytes();
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
    roles = new byte[Math.max(reading.length, predicting.length)];
    for (int token = 0; token < roles.length; token++) {
      roles[token] =
          (byte)
              ((token < reading.length && reading[token].length > 0 ? READ : 0)
                  | (token < predicting.length && predicting[token].length > 0 ? PREDICTED : 0));
    }
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
   * Adds up the estimates of some sequences' influence on the query.
   *
   * @param tokens of each sequence; none where it is not wanted
   * @param starts where each one's records begin
   * @param scores one a sequence, to which is added
   */
  void score(int[][] tokens, long[] starts, MemorySegment records, double[] scores) {
    Pairs pairs = new Pairs(records, scores);
    for (int i = 0; i < tokens.length; i++) {
      int[] sequence = tokens[i];
      long record = starts[i];
      int roles = sequence.length > 0 ? roles(sequence[0]) : 0;
      for (int s = 0; s < sequence.length - 1; s++) {
        int nextRoles = roles(sequence[s + 1]);
        if ((roles & READ) != 0 || (nextRoles & PREDICTED) != 0) {
          pairs.add(i, record, sequence[s], sequence[s + 1]);
        }
        roles = nextRoles;
        record += recordBytes;
      }
    }
    pairs.multiply();
  }

  private int roles(int token) {
    return token < roles.length ? roles[token] : 0;
  }

  private static boolean contains(int[] positions, int position) {
    for (int t : positions) {
      if (t == position) {
        return true;
      }
    }
    return false;
  }

  /**
   * Pairs that share a token, gathered before they are multiplied: which positions share one cannot
   * be foreseen, and a core that has nothing to foresee fetches many records at once.
   */
  private final class Pairs {
    private static final int MOST = 512;

    private final MemorySegment records;
    private final double[] scores;
    private final int[] sequence = new int[MOST];
    private final long[] record = new long[MOST];
    private final int[] position = new int[MOST];
    private final double[] weight = new double[MOST];
    private int count;

    Pairs(MemorySegment records, double[] scores) {
      this.records = records;
      this.scores = scores;
    }

    /** Adds the query's pairs with a position that reads one token and predicts another. */
    void add(int ofSequence, long atRecord, int input, int target) {
      int[] sameInput = input < reading.length ? reading[input] : NONE;
      int[] sameTarget = target < predicting.length ? predicting[target] : NONE;
      for (int t : sameInput) {
        add(ofSequence, atRecord, t, targets[t] == target ? weights.both() : weights.input());
      }
      for (int t : sameTarget) {
        if (!contains(sameInput, t)) {
          add(ofSequence, atRecord, t, weights.target());
        }
      }
    }

    private void add(int ofSequence, long atRecord, int ofPosition, double weighing) {
      if (count == MOST) {
        multiply();
      }
      sequence[count] = ofSequence;
      record[count] = atRecord;
      position[count] = ofPosition;
      weight[count++] = weighing;
    }

    void multiply() {
      for (int k = 0; k < count; k++) {
        scores[sequence[k]] +=
            weight[k]
                * PositionFormat.scale(records, record[k])
                * products[position[k]].with(records, record[k]);
      }
      count = 0;
    }
  }
}
