package dev.whence.index;

/**
 * How much the estimate for a pair of positions, one of the query and one of a sequence, counts. A
 * position reads one token and predicts another. Nearly all of a strong influence comes from pairs
 * that share one of them or both; the far more numerous pairs that share neither bring more noise
 * than influence, and time, and are left out. The weights that suit a model and a corpus are
 * learned from exact influences.
 *
 * @param both for pairs that read the same token and predict the same token
 * @param target for pairs that only predict the same token
 * @param input for pairs that only read the same token
 */
public record MatchWeights(double both, double target, double input) {
  /** How many weights there are. */
  static final int COUNT = 3;

  /**
   * Where there was nothing to learn from.
   *
   * @param layers whose projections are added up: a product of sums has that many products of one
   *     layer with another for each that is of a layer with itself
   */
  static MatchWeights usual(int layers) {
    return new MatchWeights(1.0 / layers, 0.6 / layers, 0.8 / layers);
  }

  static MatchWeights of(double... weights) {
    return new MatchWeights(weights[0], weights[1], weights[2]);
  }

  /** One of the weights alone, by its place among the components. */
  static MatchWeights only(int place) {
    double[] weights = new double[COUNT];
    weights[place] = 1;
    return of(weights);
  }
}
