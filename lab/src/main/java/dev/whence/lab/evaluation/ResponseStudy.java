package dev.whence.lab.evaluation;

import dev.whence.Progress;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.LayerFactors;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.response.ProximalBregman;
import dev.whence.lab.response.ProximalBregman.Response;
import dev.whence.lab.solver.Checked;
import dev.whence.lab.solver.InverseSolver;
import dev.whence.lab.training.Permutation;
import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Compares methods with the proximal Bregman response function, as section 5.1 of the paper does.
 *
 * @param damping lambda of the objective and of all methods
 * @param places of the sampled training examples
 * @param responses of each of them
 * @param exact the exact inverse by which the responses were solved for, if it was used
 */
public record ResponseStudy(
    Task task, double damping, long[] places, List<Response> responses, Optional<Formed> exact)
    implements AutoCloseable {
  /** For one in so many examples the response is solved for at minus epsilon too. */
  private static final int BOTH_SIGNS_EACH = 5;

  /**
   * An inverse that was formed for the responses and can be used again.
   *
   * @param seconds for forming it
   */
  record Formed(Method.Prepared inverse, double seconds) {}

  /**
   * What a method achieved.
   *
   * @param residual of the damped Gauss-Newton equations, relative to their right side: the mean
   *     over the measurements
   * @param prepareSeconds for fitting or forming
   * @param solveSeconds for all measurements, and scoring the sample
   */
  public record Result(
      Method method,
      Agreement agreement,
      double residual,
      double prepareSeconds,
      double solveSeconds) {}

  /**
   * How accurately the objectives were minimised, and how linear the responses are.
   *
   * @param gradient the median over the examples of the final gradient's norm, relative to the
   *     example's own
   * @param worstGradient the largest of these relative norms
   * @param unsolved responses that were left with more than the tolerance: not to be relied on
   * @param steps of Adam, all together
   * @param asymmetry the median over examples and measurements of the relative difference between
   *     the slopes at epsilon and at minus epsilon: 0 when the response is linear
   */
  public record Convergence(
      double gradient, double worstGradient, int unsolved, long steps, double asymmetry) {}

  /** Solves the objective for a sample of the training examples; the caller closes the study. */
  public static ResponseStudy of(
      Task task, int sample, ProximalBregman.Settings settings, Newton newton, Progress progress) {
    long[] places = Permutation.sample(task.training().size(), sample, settings.seed());
    long start = System.nanoTime();
    Optional<Method.Prepared> inverse = newton.prepare(task, settings, progress);
    double seconds = seconds(start);
    Optional<Formed> formed = Optional.empty();
    try {
      List<Response> responses =
          solve(task, places, settings, inverse.map(Method.Prepared::solver), progress);
      if (newton instanceof Newton.Exact) {
        formed = inverse.map(i -> new Formed(i, seconds));
      }
      return new ResponseStudy(task, settings.damping(), places, responses, formed);
    } finally {
      if (formed.isEmpty()) {
        inverse.ifPresent(Method.Prepared::close);
      }
    }
  }

  private static List<Response> solve(
      Task task,
      long[] places,
      ProximalBregman.Settings settings,
      Optional<InverseSolver> newton,
      Progress progress) {
    List<Response> responses = new ArrayList<>();
    try (ProximalBregman objective =
            new ProximalBregman(task.model(), task.layers(), task.training(), settings, newton);
        Progress.Stage stage = progress.begin("solving for responses", places.length, "examples")) {
      for (long place : places) {
        boolean both = responses.size() % BOTH_SIGNS_EACH == 0;
        responses.add(objective.respond(place, task.queries(), both));
        stage.advance(1);
      }
    }
    return responses;
  }

  /**
   * A damping that suits a task: a share of the mean eigenvalue over all layers together, which is
   * the mean of the Fisher's diagonal.
   */
  public static double damping(Task task, double ratio, long seed) {
    try (Scope _ = Scope.open();
        MemoryFit fit = task.fit(EnumSet.of(CurvatureKind.DIAGONAL), seed)) {
      double trace = 0;
      long elements = 0;
      for (LayerFactors layer : fit.layers()) {
        trace += layer.diagonal().orElseThrow().sum().item();
        elements += layer.diagonal().orElseThrow().elements();
      }
      return ratio * trace / elements;
    }
  }

  /** The truth: [measurements][examples]. */
  public double[][] truth() {
    double[][] truth = new double[(int) task.queries().size()][places.length];
    for (int q = 0; q < truth.length; q++) {
      for (int s = 0; s < places.length; s++) {
        truth[q][s] = responses.get(s).changes()[q];
      }
    }
    return truth;
  }

  /**
   * How well the responses were solved.
   *
   * @param tolerance of the final gradient's norm, relative to the example's own
   */
  public Convergence convergence(double tolerance) {
    double[] gradients = responses.stream().mapToDouble(Response::gradient).sorted().toArray();
    double[] asymmetries =
        responses.stream().flatMapToDouble(ResponseStudy::asymmetries).sorted().toArray();
    return new Convergence(
        gradients[gradients.length / 2],
        gradients[gradients.length - 1],
        (int) Arrays.stream(gradients).filter(gradient -> gradient > tolerance).count(),
        responses.stream().mapToLong(Response::steps).sum(),
        asymmetries.length == 0 ? 0 : asymmetries[asymmetries.length / 2]);
  }

  private static DoubleStream asymmetries(Response response) {
    double[] up = response.changes();
    return response.opposite().stream()
        .flatMapToDouble(down ->
            IntStream.range(0, up.length)
                .filter(q -> up[q] != down[q]) // two zeros do not differ
                .mapToDouble(q -> 2 * Math.abs(up[q] - down[q]) / Math.abs(up[q] + down[q])));
  }

  /** Compares a method with the responses, and measures its residual and its time. */
  public Result test(Method method, Method.Effort effort) {
    if (method == Method.EXACT && exact.isPresent()) {
      Formed formed = exact.get();
      return test(method, formed.inverse.solver(), formed.seconds);
    }
    long start = System.nanoTime();
    try (Method.Prepared prepared = method.prepare(task, damping, effort, Progress.NONE)) {
      return test(method, prepared.solver(), seconds(start));
    }
  }

  private Result test(Method method, InverseSolver inverse, double prepareSeconds) {
    long start = System.nanoTime();
    Checked solver = new Checked(inverse, task.curvature(damping));
    double[][] predicted = InfluenceMatrix.of(task, solver, places);
    double seconds = seconds(start) - solver.seconds();
    return new Result(
        method, Agreement.of(predicted, truth()), solver.residual(), prepareSeconds, seconds);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    exact.ifPresent(formed -> formed.inverse.close());
  }
}
