package dev.whence.influence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.curvature.Dense;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contractions of queries with traces, against loops. */
class LayerQueriesTest {
  private static final long SEED = 31;
  private static final int BATCH = 3;
  private static final int POSITIONS = 4;
  private static final int OUT = 5;
  private static final int IN = 7;
  private static final int QUERIES = 2;

  private final Random random = new Random(SEED);

  /** The layer is used twice, as a shared module is. */
  private final double[][][] inputs = {numbers(IN), numbers(IN)};

  private final double[][][] outputs = {numbers(OUT), numbers(OUT)};

  /** A row for each position of each sequence. */
  private double[][] numbers(int width) {
    return Dense.random(random, BATCH * POSITIONS, width);
  }

  @Test
  void everyRouteOfWholeGradientsIsTheLoop() {
    double[][][] p = {Dense.random(random, OUT, IN), Dense.random(random, OUT, IN)};
    try (Scope _ = Scope.open()) {
      check(new LayerQueries.Full(stack(p)), p);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void everyRouteOfLowRankIsTheLoop(int rank) {
    double[][][] left = {Dense.random(random, OUT, rank), Dense.random(random, OUT, rank)};
    double[][][] right = {Dense.random(random, rank, IN), Dense.random(random, rank, IN)};
    double[][][] p = {Dense.times(left[0], right[0]), Dense.times(left[1], right[1])};
    try (Scope _ = Scope.open()) {
      LayerQueries.LowRank queries = new LayerQueries.LowRank(stack(left), stack(right));
      assertThat(queries.rank()).isEqualTo(rank);
      check(queries, p);
      LayerQueries.Expanded expanded = LayerQueries.Expanded.of(queries);
      check(expanded, p);
      expanded.formed().close();
    }
  }

  private void check(LayerQueries queries, double[][][] p) {
    List<Trace.Use> uses = uses();
    double[] byPosition = new double[BATCH * POSITIONS * QUERIES];
    double[] total = new double[BATCH * QUERIES];
    for (int n = 0; n < BATCH * POSITIONS; n++) {
      for (int q = 0; q < QUERIES; q++) {
        for (int use = 0; use < 2; use++) {
          double score = Dense.dot(outputs[use][n], Dense.apply(p[q], inputs[use][n]));
          byPosition[n * QUERIES + q] += score;
          total[n / POSITIONS * QUERIES + q] += score;
        }
      }
    }
    assertThat(queries.count()).isEqualTo(QUERIES);
    near("positions", queries.byPositions(uses), byPosition, BATCH, POSITIONS, QUERIES);
    for (ScoreRoute route : ScoreRoute.values()) {
      near("" + route, queries.scores(uses, route), total, BATCH, QUERIES);
    }
    for (int q = 0; q < QUERIES; q++) {
      double[] one = new double[BATCH * POSITIONS];
      for (int n = 0; n < one.length; n++) {
        one[n] = byPosition[n * QUERIES + q];
      }
      near("query " + q, queries.byPositions(uses, q), one, BATCH, POSITIONS);
    }
    for (int use = 0; use < 2; use++) {
      assertThat(uses.get(use).input().toDoubles()).isEqualTo(Dense.flat(inputs[use]));
      assertThat(uses.get(use).gradient().toDoubles()).isEqualTo(Dense.flat(outputs[use]));
    }
  }

  private static void near(String what, Tensor actual, double[] expected, long... shape) {
    assertThat(actual.shape()).as(what).isEqualTo(shape);
    assertThat(Dense.error(actual.toDoubles(), expected))
        .as("%s, seed %d", what, SEED)
        .isLessThan(1e-13);
  }

  private List<Trace.Use> uses() {
    List<Trace.Use> uses = new ArrayList<>();
    for (int use = 0; use < 2; use++) {
      uses.add(
          new Trace.Use(
              Tensors.of(Dense.flat(inputs[use]), BATCH, POSITIONS, IN),
              Tensors.of(Dense.flat(outputs[use]), BATCH, POSITIONS, OUT)));
    }
    return uses;
  }

  private static Tensor stack(double[][][] matrices) {
    return Tensors.stack(List.of(Dense.tensor(matrices[0]), Dense.tensor(matrices[1])), 0);
  }
}
