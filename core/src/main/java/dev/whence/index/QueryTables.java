package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One query, ready to be compared with every indexed position: tables of its positions' numbers,
 * and which of its positions read or predict a token.
 */
final class QueryTables {
  private static final int[] NONE = {};

  private final SidesFormat format;
  private final MatchWeights weights;
  private final int[] targets; // of each position
  private final float[][] inputTables; // of each position
  private final float[][] gradientTables;
  private final int[][] reading; // by token: the positions that read it
  private final int[][] predicting; // by token: the positions that predict it

  QueryTables(SidesFormat format, QuerySketch query, MatchWeights weights) {
    this.format = format;
    this.weights = weights;
    int[] tokens = query.tokens();
    int positions = query.numbers().length;
    targets = Arrays.copyOfRange(tokens, 1, positions + 1);
    inputTables = new float[positions][];
    gradientTables = new float[positions][];
    for (int t = 0; t < positions; t++) {
      inputTables[t] = format.table(query.numbers()[t], 0);
      gradientTables[t] = format.table(query.numbers()[t], format.side());
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
   * Estimates sequences' influence on the query. Pairs of positions are taken by the query's
   * position, whose tables then stay in the core's nearest cache.
   *
   * @param tokens of each sequence; none where it is not wanted
   * @param starts where each sequence's records begin
   * @return of each sequence
   */
  double[] score(int[][] tokens, long[] starts, MemorySegment records) {
    Pairs pairs = new Pairs(targets.length);
    for (int i = 0; i < tokens.length; i++) {
      find(tokens[i], i, starts[i], pairs);
    }
    double[] scores = new double[tokens.length];
    for (int t = 0; t < targets.length; t++) {
      for (int p = 0; p < pairs.counts[t]; p++) {
        long record = pairs.records[t][p];
        scores[pairs.sequences[t][p]] +=
            pairs.weights[t][p]
                * PositionFormat.scale(records, record)
                * format.product(inputTables[t], gradientTables[t], records, record);
      }
    }
    return scores;
  }

  /** Finds the pairs of a sequence's positions with those of the query that share a token. */
  private void find(int[] tokens, int sequence, long at, Pairs pairs) {
    long record = at;
    for (int s = 0; s < tokens.length - 1; s++) {
      int target = tokens[s + 1];
      int[] sameInput = tokens[s] < reading.length ? reading[tokens[s]] : NONE;
      int[] sameTarget = target < predicting.length ? predicting[target] : NONE;
      for (int t : sameInput) {
        pairs.add(t, sequence, record, targets[t] == target ? weights.both() : weights.input());
      }
      for (int t : sameTarget) {
        if (!contains(sameInput, t)) {
          pairs.add(t, sequence, record, weights.target());
        }
      }
      record += format.bytes();
    }
  }

  private static boolean contains(int[] positions, int position) {
    for (int t : positions) {
      if (t == position) {
        return true;
      }
    }
    return false;
  }

  /** Pairs of the query's positions and indexed ones, by the query's. */
  private static final class Pairs {
    private static final int ROOM = 64;

    final int[] counts;
    final int[][] sequences;
    final long[][] records;
    final double[][] weights;

    Pairs(int positions) {
      counts = new int[positions];
      sequences = new int[positions][ROOM];
      records = new long[positions][ROOM];
      weights = new double[positions][ROOM];
    }

    void add(int position, int sequence, long record, double weight) {
      int at = counts[position]++;
      if (at == sequences[position].length) {
        sequences[position] = Arrays.copyOf(sequences[position], 4 * at);
        records[position] = Arrays.copyOf(records[position], 4 * at);
        weights[position] = Arrays.copyOf(weights[position], 4 * at);
      }
      sequences[position][at] = sequence;
      records[position][at] = record;
      weights[position][at] = weight;
    }
  }
}
