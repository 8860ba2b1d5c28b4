package dev.whence.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.LayerShape;
import dev.whence.budget.MemoryBudget;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Dense;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.results.ResultsFolder;
import dev.whence.run.FactorsFile;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Eigen;
import dev.whence.tensor.MultiplyAdds;
import dev.whence.tensor.Scope;
import dev.whence.tensor.SymmetricProduct;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A plan's counts are those of the products that then run, to the last multiply-add. */
class PlanCountsTest {
  private static final long SEED = 71;
  private static final int[] LENGTHS = {2, 24, 2, 7, 12, 3, 24, 5, 9, 17, 4, 24, 24, 6, 8, 20};
  private static final int LONGEST = 24;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "gpt2, mlp, 1, EKFAC",
    "gpt2, linear, 1, EKFAC DIAGONAL",
    "gpt2, mlp, 3, EKFAC",
    "gpt2, .*c_proj, 1, KFAC",
    "gpt2, mlp, 1, DIAGONAL",
    "gpt_neox, linear, 1, EKFAC",
    "llama, mlp, 1, EKFAC", // gate and up share an input
    "llama, linear, 2, EKFAC DIAGONAL", // and so do q, k and v
    "qwen3, attention, 1, EKFAC",
    "olmo2, linear, 1, EKFAC",
  })
  void aFitsProducts(String name, String layers, int blocks, String kinds) {
    FitSettings settings = settings(layers, blocks, kinds);
    try (LanguageModel model = Workbench.model(name);
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, LENGTHS))) {
      FitPlan plan =
          FitPlan.of(
              model.shape(), tracked(model, settings), settings, new CorpusShape.Actual(corpus));
      long counted = MultiplyAdds.of(() -> fit(name, model, corpus, settings));
      assertThat(counted - probe(model, settings)).isEqualTo(visible(plan.phases()));
    }
  }

  @Test
  void aFitsProductsWhenLayersAreTakenInTurn() {
    FitSettings plenty = settings("mlp", 1, "EKFAC").computing(c -> c.withBatchTokens(1));
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, LENGTHS))) {
      for (long bytes = 600 << 20; ; bytes += 10_000) {
        MemoryBudget budget = new MemoryBudget(bytes);
        FitSettings little = plenty.computing(c -> c.withMemory(budget));
        Optional<FitPlan> plan = planIfItFits(model, corpus, little);
        if (plan.isPresent() && plan.get().ranges().size() == 3) {
          assertThat(plan.get().phases().getFirst().passes()).isEqualTo(3);
          long counted = MultiplyAdds.of(() -> fit("llama", model, corpus, little));
          assertThat(counted - probe(model, little)).isEqualTo(visible(plan.get().phases()));
          return;
        }
      }
    }
  }

  private static Optional<FitPlan> planIfItFits(
      LanguageModel model, Corpus corpus, FitSettings settings) {
    try {
      return Optional.of(
          FitPlan.of(
              model.shape(), tracked(model, settings), settings, new CorpusShape.Actual(corpus)));
    } catch (dev.whence.InvalidInputException e) {
      return Optional.empty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, mlp, 1, EKFAC, 0, false, 0, 0", // whole gradients
    "gpt2, mlp, 2, EKFAC, 0, true, 0, 0",
    "gpt2, mlp, 1, IDENTITY, 0, false, 0, 0",
    "gpt2, linear, 1, DIAGONAL, 3, true, 0, 0",
    "gpt2, mlp, 1, KFAC, 2, false, 2, 0",
    "llama, linear, 1, EKFAC, 4, false, 3, 0",
    "llama, mlp, 1, EKFAC, 0, false, 0, 3", // in parts
    "qwen2, mlp, 1, EKFAC, 2, true, 1, 3",
    "gpt_neox, mlp, 1, EKFAC, 2, false, 0, 0",
  })
  void anAttributionsProducts(
      String name,
      String layers,
      int blocks,
      CurvatureKind kind,
      int rank,
      boolean self,
      int refine,
      int parts) {
    FitSettings fitted =
        settings(layers, blocks, kind == CurvatureKind.IDENTITY ? "KFAC" : "" + kind);
    // All sequences come out on top, so that how many share one is known before.
    AttributionSettings asked =
        AttributionSettings.DEFAULT
            .withCurvature(kind)
            .withRank(rank)
            .withTop(2 * LENGTHS.length)
            .withRefine(refine == 0 ? 0 : 2 * LENGTHS.length)
            .computing(c -> c.withBatchTokens(parts == 0 ? 60 : 1));
    try (LanguageModel model = Workbench.model(name);
        Corpus corpus = corpusOfOneLength()) {
      RunFolder run = fit(name, model, corpus, fitted);
      AttributionPlan.Job job =
          new AttributionPlan.Job(
              model.shape(),
              tracked(model, fitted),
              blocks,
              DType.FLOAT64,
              new CorpusShape.Actual(corpus),
              new QueryShape(queries().stream().map(q -> q.tokens().length).toList()),
              0);
      AttributionSettings settings = self ? asked.withSelfInfluence(true) : asked;
      if (parts > 0) {
        settings = withLittleMemory(job, settings, parts);
      }
      AttributionPlan plan = AttributionPlan.of(job, settings);
      AttributionSettings chosen = settings;
      long counted = MultiplyAdds.of(() -> attribute(run, model, corpus, chosen));
      assertThat(counted).isEqualTo(visible(plan.phases()));
    }
  }

  private static AttributionSettings withLittleMemory(
      AttributionPlan.Job job, AttributionSettings settings, int passes) {
    for (long bytes = 600 << 20; ; bytes += 1000) {
      MemoryBudget budget = new MemoryBudget(bytes);
      AttributionSettings little = settings.computing(c -> c.withMemory(budget));
      try {
        if (AttributionPlan.of(job, little).split().passes() == passes) {
          return little;
        }
      } catch (dev.whence.InvalidInputException e) {
        // Still too little.
      }
    }
  }

  @Test
  void aRunsFilesAreAsLargeAsPlanned() throws IOException {
    FitSettings settings = settings("linear", 2, "EKFAC DIAGONAL");
    try (LanguageModel model = Workbench.model("llama");
        Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, LENGTHS))) {
      FitPlan plan =
          FitPlan.of(
              model.shape(), tracked(model, settings), settings, new CorpusShape.Actual(corpus));
      RunFolder run = fit("llama", model, corpus, settings);
      for (FitPlan.Layer layer : plan.layers()) {
        long header = 24 + 1500; // counts, and names of tensors
        assertThat((double) Files.size(FactorsFile.path(run.path(), layer.shape().name())))
            .as(layer.shape().name())
            .isBetween(layer.runBytes(), layer.runBytes() + header);
      }
    }
  }

  @Test
  void aCorpusOfOneLengthIsPlannedAsOneThatIsThere() {
    Batching actual;
    try (Corpus corpus = corpusOfOneLength()) {
      actual = new CorpusShape.Actual(corpus).batches(0, 60, 60);
    }
    Batching imagined = new CorpusShape.Uniform(LENGTHS.length, LONGEST).batches(0, 60, 60);
    assertThat(imagined.positions()).isEqualTo(actual.positions());
    assertThat(imagined.sequences()).isEqualTo(actual.sequences());
  }

  @Test
  void theSecondsOfACostAreThoseOfItsPartsTogether() {
    Machine machine = new Machine(100, 50, 10, 2, 0.5);
    Cost cost = new Cost(100, 200, 300, 100, 40, 3, 8);
    assertThat(cost.seconds(machine)).isEqualTo(6 + 2 + 4 + 6 + 4);
    assertThat(cost.multiplyAdds()).isEqualTo(700);
    assertThat(cost.plus(cost).seconds(machine)).isEqualTo(cost.times(2).seconds(machine));
  }

  /** Each rate, measured on one size, foretells the time of another; no time is asserted. */
  @Test
  void ratesOfThisMachineForetellOtherSizes() {
    Machine machine = Machine.measure(DType.FLOAT32, Device.CPU);
    try (Scope _ = Scope.open()) {
      Tensor a = Tensors.ones(DType.FLOAT32, Device.CPU, 1500, 1500);
      Tensor b = Tensors.ones(DType.FLOAT32, Device.CPU, 1500, 1500);
      foretells("products", () -> a.matmul(b), Math.pow(1500, 3) / machine.products());
      foretells(
          "symmetric products",
          () -> SymmetricProduct.accumulate(b, a),
          1500.0 * 1500 * 1501 / 2 / machine.symmetric());
      Tensor from = Tensors.ones(DType.FLOAT32, Device.CPU, 10_000_000);
      Tensor to = Tensors.ones(DType.FLOAT32, Device.CPU, 10_000_000);
      foretells("copies", () -> to.copyInPlace(from), 8e7 / machine.bandwidth());
      Tensor square = Dense.tensor(Dense.random(new Random(SEED), 500, 500));
      Tensor symmetric = square.matmul(square.t());
      foretells(
          "decompositions",
          () -> Eigen.symmetric(symmetric),
          Math.pow(500, 3) * machine.secondsPerCube());
    }
  }

  private static void foretells(String what, Runnable work, double foretold) {
    double least = Double.MAX_VALUE;
    for (int i = 0; i < 7; i++) {
      try (Scope _ = Scope.open()) {
        long start = System.nanoTime();
        work.run();
        least = Math.min(least, (System.nanoTime() - start) * 1e-9);
      }
    }
    assertThat(least / foretold).as("%s, taken by foretold", what).isBetween(0.1, 10.0);
  }

  // ----

  private static FitSettings settings(String layers, int blocks, String kinds) {
    EnumSet<CurvatureKind> set = EnumSet.noneOf(CurvatureKind.class);
    for (String kind : kinds.split(" ")) {
      set.add(CurvatureKind.valueOf(kind.toUpperCase(java.util.Locale.ROOT)));
    }
    return FitSettings.DEFAULT
        .withLayers(new LayerSelection(layers))
        .withCurvatures(set)
        .withBlocks(blocks)
        .computing(c -> c.withType(DType.FLOAT64).withBatchTokens(60));
  }

  private static List<LayerShape> tracked(LanguageModel model, FitSettings settings) {
    return settings.layers().of(model).stream().map(Linear::shape).toList();
  }

  /** What a fit runs to find out which layers share an input: one position, forward. */
  private static long probe(LanguageModel model, FitSettings settings) {
    TraceCost trace = new TraceCost(model.shape(), DType.FLOAT64);
    return (long)
        trace.of(new Batching.Group(1, 1, 1), tracked(model, settings).getFirst()).forward();
  }

  /** Products that {@link MultiplyAdds} sees: all but autograd's. */
  private static long visible(List<Phase> phases) {
    return phases.stream()
        .map(Phase::cost)
        .mapToLong(c -> Math.round(c.forward() + c.products() + c.symmetric()))
        .sum();
  }

  private RunFolder fit(String name, LanguageModel model, Corpus corpus, FitSettings settings) {
    Path source = Oracle.of(name).model();
    return Fit.run(model, source, corpus, settings, folder.resolve("run"), false, Progress.NONE);
  }

  private ResultsFolder attribute(
      RunFolder run, LanguageModel model, Corpus corpus, AttributionSettings settings) {
    return Attribution.run(
        new AttributionInput(run, model, Optional.empty(), queries(), corpus),
        settings,
        folder.resolve("results"),
        false,
        Progress.NONE);
  }

  private Corpus corpusOfOneLength() {
    int[] lengths = new int[LENGTHS.length];
    Arrays.fill(lengths, LONGEST);
    Map<String, int[]> documents = Workbench.documents(SEED, lengths);
    return Workbench.corpus(folder, documents);
  }

  private static List<Query> queries() {
    return Workbench.documents(SEED + 1, 8, 5, 12, 8, 20).entrySet().stream()
        .map(d ->
            new Query(
                "q" + d.getKey(),
                Arrays.copyOf(d.getValue(), 3),
                Arrays.copyOfRange(d.getValue(), 3, d.getValue().length),
                "",
                ""))
        .toList();
  }
}
