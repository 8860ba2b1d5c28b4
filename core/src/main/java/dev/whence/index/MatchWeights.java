package dev.whence.index;

/**
 * How much the estimate for a pair of positions, one of the query and one of a sequence, counts. A
 * position reads one token and predicts another. Most of a strong influence comes from pairs that
 * share both, most of the estimates' noise from the far more numerous pairs that share neither; the
 * weights that suit a model and a corpus are learned from exact influences.
 *
 * @param both for pairs that read the same token and predict the same token
 * @param target for pairs that only predict the same token
 * @param input for pairs that only read the same token
 * @param neither for all other pairs
 */
public record MatchWeights(double both, double target, double input, double neither) {
  /** Every estimate as it is: the sum is without bias, and as noisy as it can be. */
  public static final MatchWeights ALL = new MatchWeights(1, 1, 1, 1);

  /** Where there was nothing to learn from. */
  public static final MatchWeights DEFAULT = new MatchWeights(1, 0.25, 0.8, 0);

  /** How many weights there are. */
  static final int COUNT = 4;

  /** The weights in a fixed order. */
  double[] toArray() {
    return new double[] {both, target, input, neither};
  }

  static MatchWeights of(double... weights) {
    return new MatchWeights(weights[0], weights[1], weights[2], weights[3]);
  }

  /** One of the weights alone, by its place in {@link #toArray}. */
  static MatchWeights only(int place) {
    double[] weights = new double[COUNT];
    weights[place] = 1;
    return of(weights);
  }
}
