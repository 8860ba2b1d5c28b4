package dev.whence.lab.evaluation;

import dev.whence.attribution.InfluenceScan;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.fit.FitSettings;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.data.Dataset;
import dev.whence.tensor.Scope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

/** Wrong labels: do the examples with the largest self-influence have them? */
public final class Mislabelled {
  private Mislabelled() {}

  /**
   * Data with some labels changed.
   *
   * @param wrong the places where they are
   */
  public record Corrupted(Dataset data, Set<Long> wrong) implements AutoCloseable {
    @Override
    public void close() {
      data.close();
    }
  }

  /** Gives a share of the examples another class, drawn evenly. */
  public static Corrupted corrupt(Dataset data, double share, int classes, long seed) {
    Random random = new Random(seed);
    long[] labels = data.targets().toLongs();
    Set<Long> wrong = new HashSet<>();
    while (wrong.size() < Math.round(share * labels.length)) {
      wrong.add(random.nextLong(labels.length));
    }
    for (long place : wrong.stream().sorted().toList()) {
      int at = (int) place;
      labels[at] = (labels[at] + 1 + random.nextInt(classes - 1)) % classes;
    }
    return new Corrupted(data.withClasses(labels), wrong);
  }

  /**
   * What share of the wrong labels is among the first shares of the examples, the largest
   * self-influence first.
   *
   * @param found at each of the inspected shares
   */
  public record Curve(String method, double[] inspected, double[] found) {
    /** Goes through scores, the largest first. */
    static Curve of(String method, double[] scores, Set<Long> wrong, double[] inspected) {
      List<Long> order =
          LongStream.range(0, scores.length)
              .boxed()
              .sorted(Comparator.comparingDouble(place -> -scores[(int) (long) place]))
              .toList();
      double[] found = new double[inspected.length];
      for (int i = 0; i < inspected.length; i++) {
        long count = Math.round(inspected[i] * scores.length);
        found[i] =
            order.stream().limit(count).filter(wrong::contains).count() / (double) wrong.size();
      }
      return new Curve(method, inspected, found);
    }
  }

  /** Self-influence of every training example, by each kind of curvature. */
  public static List<Curve> curves(
      Task task, Set<Long> wrong, double[] inspected, double damping, long seed) {
    List<Curve> curves = new ArrayList<>();
    FitSettings settings =
        FitSettings.DEFAULT.withCurvatures(EnumSet.allOf(CurvatureKind.class)).withSeed(seed);
    try (Scope _ = Scope.open();
        MemoryFit fit =
            MemoryFit.of(
                task.model(),
                task.layers(),
                task.training().pass(task.batch()),
                task.training().at(0),
                settings)) {
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
      int[] next = new int[1];
      task.training()
          .pass(task.batch())
          .run(batch -> {
            for (double score : scan.score(batch).selfInfluence().orElseThrow().toDoubles()) {
              scores[next[0]++] = score;
            }
          });
      return scores;
    } finally {
      curvatures.forEach(Curvature::close);
    }
  }
}
