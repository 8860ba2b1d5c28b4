package dev.whence.lab.response;

import dev.whence.InvalidInputException;
import dev.whence.lab.data.ExampleSet;
import dev.whence.lab.solver.InverseSolver;
import dev.whence.lab.solver.Weights;
import dev.whence.lab.training.AdamW;
import dev.whence.lab.training.Permutation;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.model.Tap;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The proximal Bregman objective (Eq. 7 of the paper) and its minimum: the mean Bregman divergence
 * of the outputs to those of the trained weights, plus epsilon times one example's loss, plus
 * {@code lambda / 2} times the squared distance to the trained weights. The change of a measurement
 * at the minimum, divided by epsilon, is what the influence of that example claims to be.
 *
 * <p>It is minimised by Adam, with a learning rate that falls to zero along a cosine, over the
 * change of the weights divided by epsilon, so that rates do not depend on epsilon. Newton steps
 * come first where an inverse for them is given, and Adam goes on from their result. The norm of
 * the objective's own gradient tells how close the minimum is. The gradient of the divergence is
 * the difference of the loss's gradients at both outputs. The model's weights are overwritten, and
 * restored in the end.
 */
public final class ProximalBregman implements AutoCloseable {
  private static final int NEWTON_STEPS = 5;

  private final Model model;
  private final List<Linear> layers;
  private final ExampleSet training;
  private final Settings settings;
  private final Optional<InverseSolver> newton;
  private final Weights trained;
  private final List<long[]> batches;
  private final List<Tensor> teacher = new ArrayList<>(); // the gradients at the trained weights

  /**
   * How the objective is minimised.
   *
   * @param epsilon weight of the example's loss; in the mean over all N examples each has 1/N
   * @param damping lambda
   * @param batch examples of a step; all when there are fewer
   * @param steps of Adam
   * @param rate initial learning rate of Adam, relative to the root mean square of {@code gradient
   *     / lambda}
   * @param tolerance of the final gradient's norm, relative to that of the example's gradient
   * @param tries of Adam at most, each with twice the steps of the last, until the tolerance is met
   */
  public record Settings(
      double epsilon,
      double damping,
      int batch,
      int steps,
      double rate,
      double tolerance,
      int tries,
      long seed) {
    public Settings {
      requirePositive("--epsilon", epsilon);
      requirePositive("--damping", damping);
      requirePositive("--rate", rate);
      requirePositive("--tolerance", tolerance);
    }

    private static void requirePositive(String option, double value) {
      if (!(value > 0) || Double.isInfinite(value)) {
        throw new InvalidInputException(option + " is " + value + " but must be a positive number");
      }
    }
  }

  /**
   * The minimum for one example.
   *
   * @param change of the weights, divided by epsilon
   * @param gradient norm of the objective's gradient there, over all data, relative to that of the
   *     example's gradient
   */
  public record Minimum(Weights change, double gradient, int steps) implements AutoCloseable {
    @Override
    public void close() {
      change.close();
    }
  }

  /** Prepares to solve by Adam alone. */
  public ProximalBregman(Model model, List<Linear> layers, ExampleSet training, Settings settings) {
    this(model, layers, training, settings, Optional.empty());
  }

  /**
   * Prepares to solve.
   *
   * @param newton the damped inverse of the Gauss-Newton Hessian at the trained weights, which is
   *     the objective's own Hessian there
   */
  public ProximalBregman(
      Model model,
      List<Linear> layers,
      ExampleSet training,
      Settings settings,
      Optional<InverseSolver> newton) {
    this.newton = newton;
    this.model = model;
    this.layers = layers;
    this.training = training;
    this.settings = settings;
    this.batches = batches(training.size(), settings.batch(), settings.seed());
    try (Scope _ = Scope.open()) {
      this.trained = new Weights(layers.stream().map(Linear::matrix).toList()).keep();
      for (long[] places : batches) {
        try (Scope _ = Scope.open()) {
          Examples batch = training.at(places);
          Tensor outputs = model.outputs(batch.inputs(), Tap.NONE).detach();
          teacher.add(batch.logLikelihoodGradient(outputs, new Targets.Given()).copy().keep());
        }
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static List<long[]> batches(long size, int batch, long seed) {
    long[] order = Permutation.of(size, seed);
    List<long[]> batches = new ArrayList<>();
    for (int from = 0; from < size; from += batch) {
      batches.add(Arrays.copyOfRange(order, from, (int) Math.min(size, from + (long) batch)));
    }
    return batches;
  }

  /**
   * Solves for one training example.
   *
   * @param sign of epsilon: 1 or -1
   */
  public Minimum solve(long place, int sign) {
    double epsilon = sign * settings.epsilon;
    try (Scope _ = Scope.open()) {
      Examples example = training.at(place);
      double scale = exampleGradient(example).norm();
      double rms = scale / Math.sqrt((double) trained.elements());
      Weights change = trained.zeros();
      if (scale == 0) {
        return new Minimum(change.keep(), 0, 0);
      }
      int done = 0;
      double least = newton.isPresent() ? newton(change, example, epsilon, scale) : 1;
      Weights best = change.copy();
      // Adam's first moves are as large as its rate, however little is left.
      double first = settings.rate * rms / settings.damping * least;
      for (int round = 0; round < settings.tries && least > settings.tolerance; round++) {
        int steps = settings.steps << round;
        descend(change, example, epsilon, steps, first / (1 << round), 1 / rms);
        done += steps;
        double gradient = gradient(change, example, epsilon).norm() / scale;
        if (!Double.isFinite(gradient)) {
          throw new ArithmeticException(
              "the objective of training example " + place + " diverges; lower --rate");
        }
        if (gradient < least) {
          least = gradient;
          best = change.copy();
        }
      }
      return new Minimum(best.keep(), least, done);
    } finally {
      assign(trained);
    }
  }

  /**
   * Takes Newton steps as long as they reduce the gradient's norm.
   *
   * @return the gradient's norm at the end, divided by {@code scale}
   */
  private double newton(Weights change, Examples example, double epsilon, double scale) {
    double reached = 1; // the example's own gradient, as nothing has changed yet
    for (int step = 0; step < NEWTON_STEPS && reached > settings.tolerance; step++) {
      try (Scope _ = Scope.open()) {
        Weights gradient = gradient(change, example, epsilon);
        assign(trained); // the Hessian is that of the trained weights
        Weights move = newton.orElseThrow().solve(gradient);
        change.add(move, -1);
        double now = gradient(change, example, epsilon).norm() / scale;
        if (!(now < reached)) {
          change.add(move, 1);
          break;
        }
        reached = now;
      }
    }
    return reached;
  }

  /**
   * Minimises the objective by Adam.
   *
   * @param unit factor on the gradient that brings its elements near one
   */
  private void descend(
      Weights change, Examples example, double epsilon, int steps, double rate, double unit) {
    try (AdamW adam = new AdamW(change.parts(), 0, Double.POSITIVE_INFINITY)) {
      for (int step = 0; step < steps; step++) {
        try (Scope _ = Scope.open()) {
          assign(trained.plus(change.times(epsilon)));
          int b = step % batches.size();
          // In a round of all batches every example counts once, whatever the batches' sizes.
          Weights gradient = divergence(b).times(batches.size() / (epsilon * training.size()));
          gradient.add(exampleGradient(example), 1);
          gradient.add(change, settings.damping);
          double now = rate * (1 + Math.cos(Math.PI * step / steps)) / 2;
          gradient.timesInPlace(unit); // far above Adam's own epsilon
          adam.step(gradient.parts(), step, now);
        }
      }
    }
  }

  /** The gradient of the whole objective with respect to the change, over all data. */
  private Weights gradient(Weights change, Examples example, double epsilon) {
    assign(trained.plus(change.times(epsilon)));
    Weights sum = trained.zeros();
    for (int b = 0; b < batches.size(); b++) {
      try (Scope _ = Scope.open()) {
        sum.add(divergence(b), 1.0 / (epsilon * training.size()));
      }
    }
    sum.add(exampleGradient(example), 1);
    sum.add(change, settings.damping);
    return sum;
  }

  /** The gradient of a batch's summed divergence, at the model's present weights. */
  private Weights divergence(int b) {
    Examples batch = training.at(batches.get(b));
    Linearization at = Linearization.of(model, layers, batch);
    Tensor now = batch.logLikelihoodGradient(at.outputs(), new Targets.Given());
    return new Weights(at.backward(teacher.get(b).minus(now)));
  }

  /** The gradient of the example's loss, at the model's present weights. */
  private Weights exampleGradient(Examples example) {
    Linearization at = Linearization.of(model, layers, example);
    return new Weights(at.logLikelihoodGradient(new Targets.Given())).times(-1);
  }

  /**
   * Measures at changed weights.
   *
   * @return the log-likelihood of each query
   */
  public double[] measure(ExampleSet queries, Weights change, double epsilon) {
    try (Scope _ = Scope.open()) {
      assign(trained.plus(change.times(epsilon)));
      return queries.logLikelihoods(model);
    } finally {
      assign(trained);
    }
  }

  private void assign(Weights weights) {
    for (int l = 0; l < layers.size(); l++) {
      layers.get(l).swapWeights(weights.parts().get(l));
    }
  }

  /**
   * The response of each measurement to one example.
   *
   * @param changes (f(+) - f(0)) / epsilon, in nats per unit of weight
   * @param opposite (f(0) - f(-)) / epsilon, equal to {@code changes} when the response is linear;
   *     empty unless solved for
   * @param gradient the larger {@link Minimum#gradient} of both solutions
   */
  public record Response(
      double[] changes, Optional<double[]> opposite, double gradient, int steps) {}

  /**
   * Solves for one training example and measures the response.
   *
   * @param both whether to solve with minus epsilon too
   */
  public Response respond(long place, ExampleSet queries, boolean both) {
    try (Minimum up = solve(place, 1)) {
      double[] zero = measure(queries, up.change, 0);
      double[] changes = slope(measure(queries, up.change, settings.epsilon), zero);
      if (!both) {
        return new Response(changes, Optional.empty(), up.gradient, up.steps);
      }
      try (Minimum down = solve(place, -1)) {
        double[] opposite = slope(zero, measure(queries, down.change, -settings.epsilon));
        return new Response(
            changes,
            Optional.of(opposite),
            Math.max(up.gradient, down.gradient),
            up.steps + down.steps);
      }
    }
  }

  private double[] slope(double[] above, double[] below) {
    double[] slope = new double[above.length];
    Arrays.setAll(slope, q -> (above[q] - below[q]) / settings.epsilon);
    return slope;
  }

  @Override
  public void close() {
    trained.close();
    teacher.forEach(Tensor::close);
  }
}
