package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.Compute;
import dev.whence.budget.LayerShape;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.EndTokens;
import dev.whence.curvature.CurvatureKind;
import dev.whence.fit.FitSettings;
import dev.whence.index.Keeps;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.plan.AttributionPlan;
import dev.whence.plan.CorpusShape;
import dev.whence.plan.FitPlan;
import dev.whence.plan.IndexPlan;
import dev.whence.plan.Machine;
import dev.whence.plan.Plan;
import dev.whence.plan.QueryShape;
import dev.whence.store.ModelText;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what a fit and an attribution will take, before they are run. */
@Command(
    name = "plan",
    description = "Say what passes, operations, memory, disk and time a run will take here.",
    footer = {
      "",
      "Example: whence plan smollm-135m --corpus train.jsonl.gz --queries queries.jsonl --rank 32",
      "         whence plan llama-8b --sequences 1000000 --query-count 100",
      "MODEL needs no weights, only its config.json. Other options are those of 'whence fit' and"
          + " 'whence attribute'."
    },
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "The folder of a Hugging Face checkpoint.")
  private Path modelFolder = Path.of("");

  /** A corpus that is there, or one that is imagined. */
  static final class Data {
    @ArgGroup(exclusive = false)
    private @Nullable CorpusOptions corpus; // picocli's way to say that it was not given

    @Option(
        names = "--sequences",
        paramLabel = "N",
        description = "In place of --corpus: N sequences of --sequence-length.")
    private Optional<Long> sequences = Optional.empty();
  }

  @ArgGroup(multiplicity = "1")
  private Data data = new Data();

  /** Queries that are there, or that are imagined. */
  static final class Queries {
    @Option(names = "--queries", paramLabel = "FILE", description = "The queries, JSONL.")
    private Optional<Path> file = Optional.empty();

    @Option(
        names = "--query-count",
        paramLabel = "N",
        description = "In place of --queries: N queries of --query-tokens.")
    private Optional<Integer> count = Optional.empty();
  }

  @ArgGroup(multiplicity = "0..1")
  private Queries queries = new Queries();

  @Option(
      names = "--query-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "With --query-count: tokens of a query (default: 128).")
  private int queryTokens;

  @Option(
      names = "--candidates",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "As if each query's best N sequences were scored, no two queries having any in common"
              + " (default: 0, all).")
  private int candidates;

  @Mixin private FitOptions fit = new FitOptions();
  @Mixin private ScoreOptions score = new ScoreOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();
  @Mixin private MemoryOption memory = new MemoryOption();
  @Mixin private Tf32Option tf32 = new Tf32Option();

  @Option(names = "--per-layer", description = "A line for each layer, not for each kind.")
  private boolean perLayer;

  @Option(names = "--json", description = "Print the whole plan as JSON.")
  private boolean json;

  private EndTokens endTokens() {
    return data.corpus == null ? EndTokens.AUTO : data.corpus.endTokens();
  }

  @Override
  public Integer call() {
    if (candidates < 0) {
      throw new InvalidInputException(
          "--candidates is " + candidates + " but must be at least 0 (all)");
    }
    FitSettings settings = fit.settings(compute, memory, tf32);
    if (!settings.compute().device().isAvailable() && settings.compute().deviceMemory().isEmpty()) {
      throw new InvalidInputException(
          "this machine does not have %s, whose memory could be planned with; give --device-memory"
              .formatted(settings.compute().device()));
    }
    try (ModelText text = ModelText.open(modelFolder, endTokens());
        LanguageModel outline =
            LanguageModel.outline(modelFolder.resolve(LanguageModel.CONFIG_FILE))) {
      List<LayerShape> tracked = settings.layers().of(outline).stream().map(Linear::shape).toList();
      int length = fit.sequenceLength(text.limits());
      CorpusOptions given = data.corpus;
      if (given == null) {
        long sequences =
            requireAtLeastOne(
                "--sequences",
                data.sequences.orElseThrow(
                    () -> new InvalidInputException("give --corpus FILE..., or --sequences N")));
        text.tokenization(length); // refuses what the model does not take
        show(
            plan(outline, text, tracked, settings, new CorpusShape.Uniform(sequences, length)),
            settings.compute());
      } else {
        try (Corpus corpus = given.open(text.tokenization(length), new ConsoleProgress())) {
          show(
              plan(outline, text, tracked, settings, new CorpusShape.Actual(corpus)),
              settings.compute());
        }
      }
    }
    return 0;
  }

  private void show(Plan plan, Compute computed) {
    System.out.println(
        json ? Json.MAPPER.writeValueAsString(plan) : PlanPrinter.print(plan, computed, perLayer));
  }

  private Plan plan(
      LanguageModel outline,
      ModelText text,
      List<LayerShape> tracked,
      FitSettings settings,
      CorpusShape corpus) {
    AttributionSettings scoring = score.settings(curvature(settings), settings.compute());
    Optional<QueryShape> queryShape = queryShape(text);
    FitPlan fitting = FitPlan.of(outline.shape(), tracked, settings, corpus);
    boolean attributes = queryShape.isPresent() || scoring.selfInfluence();
    QueryShape shape = queryShape.orElse(new QueryShape(List.of()));
    Optional<AttributionPlan> attribution =
        attributes
            ? Optional.of(
                AttributionPlan.of(
                    new AttributionPlan.Job(
                        outline.shape(),
                        tracked,
                        settings.blocks(),
                        settings.compute().type(),
                        corpus,
                        shape,
                        (long) candidates * shape.lengths().size()),
                    scoring))
            : Optional.empty();
    return new Plan(
        machine(settings.compute()),
        fitting,
        attribution,
        IndexPlan.of(
            outline.shape(),
            tracked,
            corpus,
            settings.compute().type(),
            Keeps.USUAL,
            settings.compute().batchTokens()));
  }

  /** What is planned for a GPU elsewhere can be foretold but for its time. */
  private static Optional<Machine> machine(Compute compute) {
    return compute.device().isAvailable()
        ? Optional.of(Machine.measure(compute.type(), compute.device()))
        : Optional.empty();
  }

  /** The best of those that are fitted. */
  private static CurvatureKind curvature(FitSettings settings) {
    return settings.fits(CurvatureKind.EKFAC)
        ? CurvatureKind.EKFAC
        : settings.curvatures().stream().max(Comparator.naturalOrder()).orElseThrow();
  }

  private Optional<QueryShape> queryShape(ModelText text) {
    if (queries.count.isPresent()) {
      int count = (int) requireAtLeastOne("--query-count", queries.count.get());
      requireAtLeastOne("--query-tokens", queryTokens - 1L);
      return Optional.of(QueryShape.uniform(count, queryTokens));
    }
    return queries.file.map(file ->
        new QueryShape(text.queries(file).stream().map(query -> query.tokens().length).toList()));
  }

  private static long requireAtLeastOne(String option, long value) {
    if (value < 1) {
      throw new InvalidInputException(option + " is too small: there would be nothing to compute");
    }
    return value;
  }
}
