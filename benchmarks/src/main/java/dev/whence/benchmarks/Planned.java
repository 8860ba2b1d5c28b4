package dev.whence.benchmarks;

import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.Compute;
import dev.whence.budget.LayerShape;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.plan.AttributionPlan;
import dev.whence.plan.CorpusShape;
import dev.whence.plan.FitPlan;
import dev.whence.plan.Machine;
import dev.whence.plan.QueryShape;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@code whence plan} says a job will take, to be held against what it took. */
final class Planned {
  private final Machine machine;
  private final Compute compute;
  private final Shapes shapes;
  private final LanguageModel outline;

  private Planned(Path folder, Shapes shapes, Compute compute) {
    this.machine = Machine.measure(compute.type(), compute.device());
    this.compute = compute;
    this.shapes = shapes;
    this.outline =
        LanguageModel.outline(folder.resolve("model").resolve(LanguageModel.CONFIG_FILE));
  }

  /** Seconds of each phase of a job. */
  static Map<Phase, Double> seconds(Path folder, Shapes shapes, Job job) {
    return seconds(folder, shapes, job, 1, Compute.DEFAULT);
  }

  /** Seconds of each phase of a job, as it is computed. */
  static Map<Phase, Double> seconds(
      Path folder, Shapes shapes, Job job, int blocks, Compute compute) {
    Planned planned = new Planned(folder, shapes, compute);
    try (LanguageModel _ = planned.outline) {
      return planned.seconds(job, blocks);
    }
  }

  private Map<Phase, Double> seconds(Job job, int blocks) {
    int length = shapes.positions() + 1;
    List<LayerShape> tracked = LayerSelection.MLP.of(outline).stream().map(Linear::shape).toList();
    FitPlan fit =
        FitPlan.of(
            outline.shape(),
            tracked,
            FitSettings.DEFAULT.withBlocks(blocks).withCompute(compute),
            new CorpusShape.Uniform(job.fit(), length));
    AttributionPlan attribution =
        AttributionPlan.of(
            new AttributionPlan.Job(
                outline.shape(),
                tracked,
                blocks,
                compute.type(),
                new CorpusShape.Uniform(job.scan(), length),
                QueryShape.uniform(job.queries(), length),
                0),
            AttributionSettings.DEFAULT.withRank(job.rank()).withTop(1).withCompute(compute));
    Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
    Stream.concat(fit.phases().stream(), attribution.phases().stream())
        .forEach(phase -> {
          double own = phase.cost().seconds(machine);
          switch (phase.name()) {
            case "accumulating covariances" -> seconds.put(Phase.COVARIANCE, own);
            case "decomposing" -> seconds.put(Phase.EIGENDECOMPOSITION, own);
            case "accumulating corrected eigenvalues" -> seconds.put(Phase.LAMBDA, own);
            case "preconditioning" -> seconds.put(Phase.PRECONDITION, own);
            case "forming products", "scanning" -> seconds.merge(Phase.SCAN, own, Double::sum);
            default -> {} // not timed
          }
        });
    return seconds;
  }
}
