package dev.whence.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.Progress;
import dev.whence.attribution.Bench;
import dev.whence.budget.LayerShape;
import dev.whence.index.IndexBuild;
import dev.whence.index.IndexSettings;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.index.Keeps;
import dev.whence.model.Linear;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexPlanTest {
  private static final Keeps.Sides KEEPS = new Keeps.Sides(64, 2);

  @TempDir private Path folder;

  /** A batch for each sequence, so that there is no padding. */
  @Test
  void bytesAreThoseThatAreWritten() {
    try (Bench bench = Bench.open(folder)) {
      InfluenceIndexManifest built =
          IndexBuild.run(
              bench.run(),
              bench.model(),
              bench.corpus(),
              IndexSettings.DEFAULT
                  .withKeeps(KEEPS)
                  .withRecallQueries(0)
                  .computing(c -> c.withBatchTokens(1).withType(bench.model().type())),
              folder.resolve("index"),
              false,
              Progress.NONE);
      List<LayerShape> tracked =
          bench.model().linears(Bench.LAYERS).stream().map(Linear::shape).toList();
      IndexPlan plan =
          IndexPlan.of(
              bench.model().shape(),
              tracked,
              new CorpusShape.Actual(bench.corpus()),
              bench.model().type(),
              KEEPS,
              1);
      assertThat(plan.bytes())
          .isCloseTo(built.bytesPerSequence() * built.sequences(), within(1e-6 * plan.bytes()));
    }
  }

  @Test
  void productsAreOfEveryPositionWithBothSidesOfEveryLayer() {
    try (Bench bench = Bench.open(folder)) {
      List<LayerShape> tracked =
          bench.model().linears(Bench.LAYERS).stream().map(Linear::shape).toList();
      IndexPlan plan =
          IndexPlan.of(
              bench.model().shape(),
              tracked,
              new CorpusShape.Uniform(1_000, 21),
              bench.model().type(),
              KEEPS,
              4_096);
      double expected = 0;
      for (LayerShape layer : tracked) {
        expected += 1_000.0 * 20 * 32 * (layer.inputs() + layer.outputs());
      }
      assertThat(plan.cost().products()).isCloseTo(expected, within(1e-9 * expected));
      assertThat(plan.bytes()).isEqualTo(1_000 * (20.0 * KEEPS.recordBytes() + 4));
    }
  }
}
