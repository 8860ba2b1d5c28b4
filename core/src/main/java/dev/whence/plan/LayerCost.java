package dev.whence.plan;

import dev.whence.budget.LayerShape;
import dev.whence.budget.ModelShape;
import dev.whence.curvature.Blocks;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.RotationRoute;
import dev.whence.influence.ScoreRoute;
import dev.whence.tensor.DType;
import dev.whence.tensor.RandomizedSvd;

/**
 * What the steps of METHOD section 2 cost at one layer, each for a batch. These are the formulas of
 * METHOD section 4; routes are chosen by the enums that choose them in a run.
 *
 * @param blocks of each covariance
 * @param type of sums, factors and queries
 */
record LayerCost(LayerShape layer, int blocks, DType type) {
  /** Sums of squares: the gradient is written and read, the sum read and written. */
  private static final int SQUARES_MOVED = 4;

  private static final int FEW_CALLS = 10;

  /** Elements of the activation covariance. */
  long activationElements() {
    return new Blocks(layer.inputs(), blocks).elements();
  }

  /** Elements of the gradient covariance. */
  long gradientElements() {
    return new Blocks(layer.outputs(), blocks).elements();
  }

  /** Sums of {@code a a^T}, unless another layer has them, and of {@code d d^T}. */
  Cost covariances(Batching.Group group, boolean leads) {
    double rows = rows(group);
    double numbers = triangles(layer.outputs()) + (leads ? triangles(layer.inputs()) : 0);
    return Cost.symmetric(rows * numbers, 0, 2.0 * blocks);
  }

  private double triangles(int size) {
    Blocks parts = new Blocks(size, blocks);
    double sum = 0;
    for (int b = 0; b < blocks; b++) {
      sum += (double) parts.length(b) * (parts.length(b) + 1) / 2;
    }
    return sum;
  }

  /** Both eigendecompositions. */
  Cost decomposition(boolean leads) {
    return Cost.cubes(cubes(layer.outputs()) + (leads ? cubes(layer.inputs()) : 0));
  }

  private double cubes(int size) {
    Blocks parts = new Blocks(size, blocks);
    double sum = 0;
    for (int b = 0; b < blocks; b++) {
      sum += Math.pow(parts.length(b), 3);
    }
    return sum;
  }

  /** Sums over sequences of squared gradients, in the eigenbases, the plain coordinates or both. */
  Cost squares(Batching.Group group, boolean lambda, boolean diagonal) {
    double each = diagonal ? outer(group) + (lambda ? rotateGradient() : 0) : rotated(group);
    int sums = (lambda ? 1 : 0) + (diagonal ? 1 : 0);
    return Cost.products(
        group.sequences() * each,
        (double) SQUARES_MOVED * sums * group.sequences() * matrixBytes(),
        (double) FEW_CALLS * sums * group.sequences());
  }

  RotationRoute rotationRoute(int positions) {
    return RotationRoute.cheapest(positions, layer.outputs(), layer.inputs());
  }

  /** Sequences' gradients in a curvature's own coordinates. */
  Cost coordinates(Batching.Group group, CurvatureKind kind) {
    double each = kind.usesEigenbases() ? rotated(group) : outer(group);
    return Cost.products(
        group.sequences() * each, 2.0 * group.sequences() * matrixBytes(), FEW_CALLS);
  }

  private double rotated(Batching.Group group) {
    return switch (rotationRoute(group.positions())) {
      case POSITIONS ->
          (double) group.positions() * (activationElements() + gradientElements()) + outer(group);
      case GRADIENTS -> outer(group) + rotateGradient();
    };
  }

  private double rotateGradient() {
    return (double) layer.outputs() * activationElements()
        + (double) layer.inputs() * gradientElements();
  }

  private double outer(Batching.Group group) {
    return (double) group.positions() * layer.elements();
  }

  /** Dividing a query's gradient by the eigenvalues, cutting its rank and carrying it back. */
  private Cost finish(CurvatureKind kind, int rank) {
    boolean rotates = kind.usesEigenbases();
    int r = layer.rank(rank);
    double back =
        rank == 0 ? rotateGradient() : (double) r * (activationElements() + gradientElements());
    double cut = rank == 0 ? 0 : RandomizedSvd.multiplyAdds(layer.outputs(), layer.inputs(), rank);
    return Cost.products((rotates ? back : 0) + cut, 4.0 * matrixBytes(), 3 * FEW_CALLS);
  }

  /** Preconditioning the queries of {@code batches}, without tracing them. */
  Cost precondition(Batching batches, CurvatureKind kind, int rank) {
    return batches
        .cost(group -> coordinates(group, kind))
        .plus(finish(kind, rank).times(batches.sequences()));
  }

  /** Forming the queries' whole gradients from products of rank r, for a scan. */
  Cost form(int queries, int rank) {
    return Cost.products(
        (double) queries * layer.rank(rank) * layer.elements(), 4 * queries * matrixBytes(), 2);
  }

  /** Sequences of a slice, whose gradients are in memory at the same time. */
  private long sliceSequences() {
    return Math.max(1, ModelShape.SLICE_ELEMENTS / layer.elements());
  }

  /** The route by which a slice of a batch is scored for all queries. */
  ScoreRoute scoreRoute(Batching.Group group, int queries, int rank, boolean formed) {
    return ScoreRoute.cheapest(sizes(sliceOf(group), group, queries, rank, formed));
  }

  private long sliceOf(Batching.Group group) {
    return Math.min(sliceSequences(), group.sequences());
  }

  /** {@code <P, D>} for all queries and the sequences of a batch. */
  Cost scores(Batching.Group group, int queries, int rank, boolean formed, boolean tokenwise) {
    Cost sum = Cost.NONE;
    for (long left = group.sequences(); left > 0; left -= sliceSequences()) {
      long sequences = tokenwise ? group.sequences() : Math.min(left, sliceSequences());
      ScoreRoute.Sizes sizes = sizes(sequences, group, queries, rank, formed);
      ScoreRoute route = tokenwise ? ScoreRoute.POSITIONS : ScoreRoute.cheapest(sizes);
      double formedBytes =
          route == ScoreRoute.GRADIENTS ? (2.0 * sequences + queries) * matrixBytes() : 0;
      sum = sum.plus(Cost.products(cost(route, sizes), formedBytes, FEW_CALLS));
      if (tokenwise) {
        break;
      }
    }
    return sum;
  }

  /** Attributing influence to {@code positions}, each for one query. */
  Cost byPositions(double positions, int rank) {
    int r = layer.rank(rank);
    double each = rank == 0 ? layer.elements() : (double) r * (layer.outputs() + layer.inputs());
    return Cost.products(positions * each, 0, 0);
  }

  private ScoreRoute.Sizes sizes(
      long sequences, Batching.Group group, int queries, int rank, boolean formed) {
    long r = layer.rank(rank);
    return new ScoreRoute.Sizes(
        sequences, group.positions(), layer.outputs(), layer.inputs(), queries, r, formed);
  }

  /** Multiply-adds of one batch, which fit in a long at any scale. */
  private static double cost(ScoreRoute route, ScoreRoute.Sizes sizes) {
    return route.cost(sizes);
  }

  double matrixBytes() {
    return (double) layer.elements() * type.bytes();
  }

  private static double rows(Batching.Group group) {
    return (double) group.positions() * group.sequences();
  }
}
