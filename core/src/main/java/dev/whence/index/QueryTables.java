package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One query, ready to be compared with every indexed position. The estimate for a pair of positions
 * is linear in the query's, so those that count alike are added up beforehand: for each token that
 * the query reads or predicts there is one sum, and for each pair of them that it has. A position
 * of the index is multiplied with at most three.
 */
final class QueryTables {
  private final PositionCode code;
  private final int[] inputOf; // by token: its index among those that the query reads, or -1
  private final int[] targetOf; // likewise for those that it predicts
  private final float[] base; // empty where pairs that share nothing do not count
  private final float[][] byInput; // with the base
  private final float[][] byTarget; // without
  private final List<List<Pair>> pairs; // by input

  /** What is added where a position has the query's input and the target after it. */
  private record Pair(int target, float[] table) {}

  QueryTables(PositionCode code, QuerySketch query, MatchWeights weights) {
    this.code = code;
    int[] tokens = query.tokens();
    int positions = query.numbers().length;
    int largest = Arrays.stream(tokens).max().orElse(0);
    inputOf = new int[largest + 1];
    targetOf = new int[largest + 1];
    Arrays.fill(inputOf, -1);
    Arrays.fill(targetOf, -1);
    int inputs = number(inputOf, Arrays.copyOf(tokens, positions));
    int targets = number(targetOf, Arrays.copyOfRange(tokens, 1, positions + 1));

    float[] all = new float[code.components()];
    float[][] inputSums = new float[inputs][code.components()];
    float[][] targetSums = new float[targets][code.components()];
    List<List<Pair>> pairSums = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      pairSums.add(new ArrayList<>());
    }
    for (int t = 0; t < positions; t++) {
      float[] numbers = query.numbers()[t];
      int target = targetOf[tokens[t + 1]];
      add(all, 1, numbers);
      add(inputSums[inputOf[tokens[t]]], 1, numbers);
      add(targetSums[target], 1, numbers);
      add(pair(pairSums.get(inputOf[tokens[t]]), target), 1, numbers);
    }

    double neither = weights.neither();
    base = neither == 0 ? new float[0] : code.prepared(scaled(all, neither));
    byInput = new float[inputs][];
    for (int i = 0; i < inputs; i++) {
      float[] sum = scaled(inputSums[i], weights.input() - neither);
      add(sum, neither, all);
      byInput[i] = code.prepared(sum);
    }
    byTarget = new float[targets][];
    for (int i = 0; i < targets; i++) {
      byTarget[i] = code.prepared(scaled(targetSums[i], weights.target() - neither));
    }
    double both = weights.both() - weights.input() - weights.target() + neither;
    pairs =
        pairSums.stream()
            .map(ofInput ->
                ofInput.stream()
                    .map(p -> new Pair(p.target, code.prepared(scaled(p.table, both))))
                    .toList())
            .toList();
  }

  /** Numbers the distinct tokens in their order, and returns how many there are. */
  private static int number(int[] indexOf, int... tokens) {
    int count = 0;
    for (int token : tokens) {
      if (indexOf[token] < 0) {
        indexOf[token] = count++;
      }
    }
    return count;
  }

  private float[] pair(List<Pair> ofInput, int target) {
    for (Pair pair : ofInput) {
      if (pair.target == target) {
        return pair.table;
      }
    }
    Pair fresh = new Pair(target, new float[code.components()]);
    ofInput.add(fresh);
    return fresh.table;
  }

  private static void add(float[] sum, double factor, float[] numbers) {
    for (int j = 0; j < sum.length; j++) {
      sum[j] += (float) (factor * numbers[j]);
    }
  }

  private static float[] scaled(float[] numbers, double factor) {
    float[] scaled = new float[numbers.length];
    add(scaled, factor, numbers);
    return scaled;
  }

  /**
   * The estimate of a sequence's influence on the query.
   *
   * @param tokens of the sequence
   * @param records in which its positions begin at {@code at}
   */
  float score(int[] tokens, MemorySegment records, long at) {
    float score = 0;
    long record = at;
    for (int t = 0; t < tokens.length - 1; t++) {
      int input = tokens[t] < inputOf.length ? inputOf[tokens[t]] : -1;
      int target = tokens[t + 1] < targetOf.length ? targetOf[tokens[t + 1]] : -1;
      if (input >= 0 || target >= 0 || base.length > 0) {
        score += PositionCode.scale(records, record) * products(input, target, records, record);
      }
      record += code.bytes();
    }
    return score;
  }

  private float products(int input, int target, MemorySegment records, long record) {
    float sum = 0;
    if (input >= 0) {
      sum += code.product(byInput[input], records, record);
    } else if (base.length > 0) {
      sum += code.product(base, records, record);
    }
    if (target >= 0) {
      sum += code.product(byTarget[target], records, record);
      if (input >= 0) {
        List<Pair> ofInput = pairs.get(input);
        for (int i = 0; i < ofInput.size(); i++) {
          if (ofInput.get(i).target == target) {
            sum += code.product(ofInput.get(i).table, records, record);
          }
        }
      }
    }
    return sum;
  }
}
