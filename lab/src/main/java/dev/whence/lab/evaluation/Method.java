package dev.whence.lab.evaluation;

import dev.whence.Progress;
import dev.whence.budget.MemoryBudget;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.solver.ConjugateGradient;
import dev.whence.lab.solver.CurvatureOperator;
import dev.whence.lab.solver.CurvatureSolver;
import dev.whence.lab.solver.ExactInverse;
import dev.whence.lab.solver.GaussNewton;
import dev.whence.lab.solver.InverseSolver;
import dev.whence.lab.solver.Lissa;
import dev.whence.lab.solver.RecordedGaussNewton;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/** Methods that multiply gradients by the damped inverse curvature. */
public enum Method {
  /** The dot product of gradients. */
  IDENTITY,
  DIAGONAL,
  KFAC,
  EKFAC,
  LISSA,
  /** Conjugate gradient. */
  CG,
  /** Conjugate gradient preconditioned with EK-FAC. */
  REFINED,
  /** The matrix over all weights or over all examples' outputs, inverted. */
  EXACT;

  /**
   * How many steps the iterative methods take.
   *
   * @param cgSteps of conjugate gradient, each a pass over the data
   * @param refinedSteps of preconditioned conjugate gradient
   * @param tolerance of conjugate gradient, preconditioned or not
   * @param lissaSteps each with a batch of {@code lissaBatch}
   */
  public record Effort(
      int cgSteps, int refinedSteps, double tolerance, int lissaSteps, int lissaBatch, long seed) {
    /** Takes a few minutes on small models. */
    public static final Effort DEFAULT = new Effort(100, 10, 1e-4, 2_000, 64, 0);

    /** For images, whose curvature is larger beside the damping and needs more steps. */
    public static final Effort IMAGES = new Effort(400, 10, 1e-4, 2_000, 64, 0);

    /** For tasks where a pass over the data takes seconds. */
    public static final Effort SLOW = new Effort(20, 10, 1e-4, 200, 64, 0);

    /** For a quick check that all methods run. */
    public static final Effort QUICK = new Effort(30, 5, 1e-3, 100, 32, 0);

    /** For a quick check that all methods run on a language model. */
    public static final Effort LEAST = new Effort(3, 2, 1e-2, 10, 8, 0);

    public Effort withSeed(long value) {
      return new Effort(cgSteps, refinedSteps, tolerance, lissaSteps, lissaBatch, value);
    }
  }

  /** A solver and the resources that it holds while it is in use. */
  public record Prepared(InverseSolver solver, List<AutoCloseable> held) implements AutoCloseable {
    @Override
    public void close() {
      for (AutoCloseable resource : held) {
        try {
          resource.close();
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  /**
   * Fits or forms what the method needs before the first measurement.
   *
   * @param progress of the steps that take long
   */
  public Prepared prepare(Task task, double damping, Effort effort, Progress progress) {
    GaussNewton curvature = task.curvature(damping);
    return switch (this) {
      case IDENTITY, DIAGONAL, KFAC, EKFAC ->
          fitted(task, CurvatureKind.valueOf(name()), damping, effort.seed);
      case LISSA ->
          new Prepared(
              Lissa.of(
                  curvature, task.training(), effort.lissaSteps, effort.lissaBatch, effort.seed),
              List.of());
      case CG -> {
        List<AutoCloseable> held = new ArrayList<>();
        CurvatureOperator products = products(task, curvature, held);
        yield new Prepared(new ConjugateGradient(products, effort.tolerance, effort.cgSteps), held);
      }
      case REFINED -> {
        Prepared ekfac = fitted(task, CurvatureKind.EKFAC, damping, effort.seed);
        try {
          CurvatureOperator products = products(task, curvature, ekfac.held);
          yield new Prepared(
              new ConjugateGradient(products, ekfac.solver, effort.tolerance, effort.refinedSteps),
              ekfac.held);
        } catch (RuntimeException e) {
          ekfac.close();
          throw e;
        }
      }
      case EXACT -> {
        ExactInverse exact = ExactInverse.of(curvature, MemoryBudget.ofMachine(), progress);
        yield new Prepared(exact, List.of(exact));
      }
    };
  }

  /** The operator for the many products of conjugate gradient: recorded where that is possible. */
  private static CurvatureOperator products(
      Task task, GaussNewton curvature, List<AutoCloseable> held) {
    if (!(task.model() instanceof LanguageModel model)) {
      return curvature;
    }
    RecordedGaussNewton recorded =
        RecordedGaussNewton.of(model, task.layers(), curvature.data(), curvature.damping());
    held.add(recorded);
    return recorded;
  }

  private static Prepared fitted(Task task, CurvatureKind kind, double damping, long seed) {
    List<AutoCloseable> held = new ArrayList<>();
    List<Curvature> curvatures = new ArrayList<>();
    Prepared prepared = new Prepared(new CurvatureSolver(curvatures), held);
    try (Scope _ = Scope.open()) {
      MemoryFit fit = task.fit(EnumSet.of(kind), seed);
      held.add(fit);
      for (LayerFactors layer : fit.layers()) {
        curvatures.add(layer.curvature(kind, new Damping.Absolute(damping)));
        held.add(curvatures.getLast());
      }
      return prepared;
    } catch (RuntimeException e) {
      prepared.close();
      throw e;
    }
  }

  /** The command line's spelling: {@code ekfac}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
