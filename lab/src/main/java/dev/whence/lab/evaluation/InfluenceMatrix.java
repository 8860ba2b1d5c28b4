package dev.whence.lab.evaluation;

import dev.whence.influence.InfluenceScan;
import dev.whence.influence.LayerQueries;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.lab.solver.InverseSolver;
import dev.whence.lab.solver.Weights;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Influences of some training examples on a task's measurements, by any solver. */
public final class InfluenceMatrix {
  private InfluenceMatrix() {}

  /**
   * Solves for each measurement and scores the examples.
   *
   * @param places of the examples
   * @return [measurements][examples], in nats per unit of weight on an example
   */
  public static double[][] of(Task task, InverseSolver solver, long[] places) {
    int measurements = (int) task.queries().size();
    double[][] matrix = new double[measurements][places.length];
    try (Scope _ = Scope.open();
        PreconditionedQueries queries = preconditioned(task, solver)) {
      InfluenceScan scan =
          new InfluenceScan(
              task.model(),
              task.layers(),
              Optional.of(queries),
              InfluenceScan.Detail.NONE,
              Optional.empty());
      for (int from = 0; from < places.length; from += task.batch()) {
        int to = Math.min(from + task.batch(), places.length);
        try (Scope _ = Scope.open()) {
          double[] scores = // [batch, queries]
              scan.score(task.training().at(Arrays.copyOfRange(places, from, to))).influences();
          for (int s = from; s < to; s++) {
            for (int q = 0; q < measurements; q++) {
              matrix[q][s] = scores[(s - from) * measurements + q];
            }
          }
        }
      }
    }
    return matrix;
  }

  /**
   * The mean of several models' scores.
   *
   * @param matrices each [measurements][examples]
   */
  public static double[][] mean(List<double[][]> matrices) {
    double[][] mean = new double[matrices.getFirst().length][];
    for (int q = 0; q < mean.length; q++) {
      double[] row = new double[matrices.getFirst()[q].length];
      for (double[][] matrix : matrices) {
        double[] scores = matrix[q];
        Arrays.setAll(row, s -> row[s] + scores[s] / matrices.size());
      }
      mean[q] = row;
    }
    return mean;
  }

  private static PreconditionedQueries preconditioned(Task task, InverseSolver solver) {
    int measurements = (int) task.queries().size();
    List<LayerQueries> layers = new ArrayList<>();
    PreconditionedQueries result =
        new PreconditionedQueries(layers, Collections.nCopies(measurements, 0.0));
    try (Scope _ = Scope.open()) {
      List<Tensor> gradients = new ArrayList<>(); // of each layer: [measurements, out, in]
      for (Linear layer : task.layers()) {
        Tensor all =
            Tensors.zeros(
                task.model().type(),
                task.model().device(),
                measurements,
                layer.outputs(),
                layer.inputs());
        gradients.add(all);
        layers.add(new LayerQueries.Full(all.keep()));
      }
      for (int q = 0; q < measurements; q++) {
        try (Scope _ = Scope.open()) {
          Weights gradient =
              new Weights(
                  Linearization.of(task.model(), task.layers(), task.queries().at(q))
                      .logLikelihoodGradient(new Targets.Given()));
          Weights solution = solver.solve(gradient);
          for (int l = 0; l < gradients.size(); l++) {
            gradients.get(l).select(0, q).copyInPlace(solution.parts().get(l));
          }
        }
      }
      return result;
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }
}
