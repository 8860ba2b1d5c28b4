package dev.whence.lab.evaluation;

import dev.whence.InvalidInputException;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.fit.MemoryFit;
import dev.whence.influence.InfluenceScan;
import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** Detects wrong labels: do the examples with the largest self-influence have them? */
public final class Mislabelled {
  private Mislabelled() {}

  /**
   * Which labels are changed.
   *
   * @param share of the examples that get another class, drawn evenly
   */
  public record Labels(double share, int classes, long seed) {
    /** Changes no label. */
    public static final Labels RIGHT = new Labels(0, 2, 0);

    public Labels {
      if (!(share >= 0 && share <= 0.5)) {
        throw new InvalidInputException("--wrong is " + share + " but must be from 0 to 0.5");
      }
    }

    /** The places of the wrong labels among {@code size} examples. */
    public Set<Long> wrongOf(long size) {
      Random random = new Random(seed);
      Set<Long> wrong = new TreeSet<>();
      while (wrong.size() < Math.round(share * size)) {
        wrong.add(random.nextLong(size));
      }
      return wrong;
    }

    /** The labels to train on: a copy in which the wrong ones are changed. */
    public long[] of(long... right) {
      long[] labels = right.clone();
      Random random = new Random(seed + 1);
      for (long place : wrongOf(labels.length)) {
        int at = (int) place;
        labels[at] = (labels[at] + 1 + random.nextInt(classes - 1)) % classes;
      }
      return labels;
    }
  }

  /**
   * The share of the wrong labels that is found by inspecting the examples with the largest
   * self-influence, as a function of the share of the examples that is inspected.
   *
   * @param found the share of the wrong labels at each of the inspected shares
   */
  public record Curve(String method, double[] inspected, double[] found) {
    /** Inspects the examples in the order of their scores, the largest first. */
    static Curve of(String method, double[] scores, Set<Long> wrong, double[] inspected) {
      long[] order = Ranking.of(scores);
      double[] shares = new double[inspected.length];
      for (int i = 0; i < inspected.length; i++) {
        long count = Math.round(inspected[i] * scores.length);
        shares[i] =
            Arrays.stream(order).limit(count).filter(wrong::contains).count()
                / (double) wrong.size();
      }
      return new Curve(method, inspected, shares);
    }
  }

  /** Self-influence of every training example, by each kind of curvature. */
  public static List<Curve> curves(
      Task task, Set<Long> wrong, double[] inspected, double damping, long seed) {
    List<Curve> curves = new ArrayList<>();
    try (Scope _ = Scope.open();
        MemoryFit fit = task.fit(EnumSet.allOf(CurvatureKind.class), seed)) {
      for (CurvatureKind kind : CurvatureKind.values()) {
        double[] scores = selfInfluence(task, fit.layers(), kind, damping);
        curves.add(Curve.of(kind.toString(), scores, wrong, inspected));
      }
    }
    return curves;
  }

  private static double[] selfInfluence(
      Task task, List<LayerFactors> factors, CurvatureKind kind, double damping) {
    List<Curvature> curvatures = new ArrayList<>();
    try {
      factors.forEach(f -> curvatures.add(f.curvature(kind, new Damping.Absolute(damping))));
      InfluenceScan scan =
          new InfluenceScan(
              task.model(),
              task.layers(),
              Optional.empty(),
              InfluenceScan.Detail.NONE,
              Optional.of(curvatures));
      double[] scores = new double[(int) task.training().size()];
      int _ =
          task.training()
              .pass(task.batch())
              .fold(
                  0,
                  (next, batch) -> {
                    double[] part = scan.score(batch).selfInfluence().orElseThrow().toDoubles();
                    System.arraycopy(part, 0, scores, next, part.length);
                    return next + part.length;
                  });
      return scores;
    } finally {
      curvatures.forEach(Curvature::close);
    }
  }
}
