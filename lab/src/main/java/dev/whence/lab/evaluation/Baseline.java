package dev.whence.lab.evaluation;

import dev.whence.curvature.Curvature;
import dev.whence.influence.InfluenceScan;
import dev.whence.lab.data.ExampleSet;
import dev.whence.lab.solver.CurvatureSolver;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Examples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;

/** Scores that need no curvature, for influence to be compared with. */
public enum Baseline {
  /** Uniform random numbers. */
  RANDOM,
  /** The cosine of the last layer's inputs, averaged over the positions. */
  REPRESENTATION,
  /** The cosine of gradients. */
  GRADIENT_COSINE;

  private static final double TINY = 1e-30;

  /**
   * Scores training examples.
   *
   * @return [measurements][examples]
   */
  public double[][] scores(Task task, long[] places, long seed) {
    return switch (this) {
      case RANDOM -> random((int) task.queries().size(), places.length, seed);
      case REPRESENTATION -> representation(task, places);
      case GRADIENT_COSINE -> gradientCosine(task, places);
    };
  }

  private static double[][] random(int rows, int columns, long seed) {
    Random random = new Random(seed);
    double[][] scores = new double[rows][];
    Arrays.setAll(scores, _ -> random.doubles(columns).toArray());
    return scores;
  }

  private static double[][] representation(Task task, long[] places) {
    try (Scope _ = Scope.open()) {
      long[] all = new long[(int) task.queries().size()];
      Arrays.setAll(all, q -> q);
      Tensor queries = unit(representations(task, task.queries(), all));
      Tensor examples = unit(representations(task, task.training(), places));
      return rows(queries.matmul(examples.t()));
    }
  }

  /** [examples, width] */
  private static Tensor representations(Task task, ExampleSet set, long[] places) {
    List<Tensor> parts = new ArrayList<>();
    for (int from = 0; from < places.length; from += task.batch()) {
      int to = Math.min(from + task.batch(), places.length);
      long[] batch = Arrays.copyOfRange(places, from, to);
      parts.add(Scope.result(() -> means(task.model(), set.at(batch))));
    }
    return Tensors.cat(parts, 0);
  }

  /** The mean of the last layer's inputs over a batch's real positions: [batch, width]. */
  public static Tensor means(Model model, Examples batch) {
    Linear last = model.linears().getLast();
    List<Tensor> seen = new ArrayList<>();
    Tap tap =
        (layer, input, output) -> {
          if (layer.equals(last)) {
            seen.add(input.detach());
          }
          return output;
        };
    Tensor _ = model.outputs(batch.inputs(), tap);
    Tensor inputs = seen.getLast(); // [batch, positions, width]
    if (batch.real().isEmpty()) {
      return inputs.mean(1);
    }
    Tensor real = batch.real().get().to(inputs.type());
    return inputs.times(real.unsqueeze(2)).sum(1).over(real.sum(1).clampMin(1).unsqueeze(1));
  }

  private static double[][] gradientCosine(Task task, long[] places) {
    List<Curvature> identity = Collections.nCopies(task.layers().size(), new Curvature.Identity());
    double[][] products = InfluenceMatrix.of(task, new CurvatureSolver(identity), places);
    InfluenceScan norms =
        new InfluenceScan(
            task.model(),
            task.layers(),
            Optional.empty(),
            InfluenceScan.Detail.NONE,
            Optional.of(identity));
    long[] all = LongStream.range(0, task.queries().size()).toArray();
    double[] queryNorms = norms(norms, task.queries(), all, task.batch());
    double[] exampleNorms = norms(norms, task.training(), places, task.batch());
    for (int q = 0; q < queryNorms.length; q++) {
      for (int s = 0; s < exampleNorms.length; s++) {
        products[q][s] /= Math.max(queryNorms[q] * exampleNorms[s], TINY);
      }
    }
    return products;
  }

  /** The norms of the examples' gradients. */
  private static double[] norms(InfluenceScan scan, ExampleSet set, long[] places, int batch) {
    double[] norms = new double[places.length];
    for (int from = 0; from < places.length; from += batch) {
      int to = Math.min(from + batch, places.length);
      try (Scope _ = Scope.open()) {
        Examples examples = set.at(Arrays.copyOfRange(places, from, to));
        double[] squares = scan.score(examples).selfInfluence().orElseThrow().toDoubles();
        for (int s = from; s < to; s++) {
          norms[s] = Math.sqrt(squares[s - from]);
        }
      }
    }
    return norms;
  }

  /** Scales each row to length 1. */
  public static Tensor unit(Tensor rows) {
    return rows.over(rows.square().sum(1).sqrt().clampMin(TINY).unsqueeze(1));
  }

  private static double[][] rows(Tensor matrix) {
    double[] values = matrix.toDoubles();
    int columns = (int) matrix.size(1);
    double[][] rows = new double[(int) matrix.size(0)][];
    Arrays.setAll(rows, r -> Arrays.copyOfRange(values, r * columns, (r + 1) * columns));
    return rows;
  }

  /** The command line's spelling: {@code gradient-cosine}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
