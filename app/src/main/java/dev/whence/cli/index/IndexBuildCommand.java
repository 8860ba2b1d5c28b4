package dev.whence.cli.index;

import dev.whence.cli.ComputeOptions;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.CorpusOptions;
import dev.whence.cli.DampingOptions;
import dev.whence.cli.Summary;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.CurvatureKind;
import dev.whence.folder.FolderKind;
import dev.whence.index.IndexBuild;
import dev.whence.index.IndexSettings;
import dev.whence.index.InfluenceIndex;
import dev.whence.index.Keeps;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Builds an influence index. */
@Command(
    name = "build",
    description = "Index a corpus's gradients: once for a run and a corpus.",
    footer = {
      "",
      "Example: whence index build run --corpus train.jsonl.gz --out index",
      "A position takes 2 bytes and --components times --bits: 32 bytes unless told otherwise. A build",
      "that was interrupted goes on from its last checkpoint when started again."
    },
    mixinStandardHelpOptions = true)
final class IndexBuildCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RUN", description = "The folder that 'whence fit' wrote.")
  private Path runFolder = Path.of("");

  @Mixin private CorpusOptions corpus = new CorpusOptions();
  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Option(names = "--out", paramLabel = "INDEX", required = true, description = "The index folder.")
  private Path out = Path.of("index");

  @Option(
      names = "--components",
      paramLabel = "N",
      defaultValue = "240",
      description =
          "Numbers to keep of each position's gradient, or 'all' to keep what they are made of"
              + " (default: 240).")
  private String components = "240";

  @Option(
      names = "--bits",
      paramLabel = "B",
      description =
          "Bits of each number: 1, 2, 4 or 8 (default: 1); with --components all, 16 or 32 (default: 32).")
  private Optional<Integer> bits = Optional.empty(); // picocli knows no OptionalInt

  @Option(
      names = "--curvature",
      paramLabel = "KIND",
      defaultValue = "ekfac",
      description = "ekfac, kfac, diagonal or identity (default: ekfac).")
  private CurvatureKind curvature = CurvatureKind.EKFAC;

  @ArgGroup(multiplicity = "0..1")
  private DampingOptions damping = new DampingOptions();

  @Option(
      names = "--recall-queries",
      paramLabel = "N",
      defaultValue = "50",
      description =
          "Sequences whose second halves are asked about while the index is built, to learn how to"
              + " weigh its estimates and to measure its recall (default: 50; 0 for neither).")
  private int recallQueries;

  @Option(
      names = "--self-influence",
      description = "Keep every sequence's exact influence on itself, instead of an estimate.")
  private boolean selfInfluence;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the random projections and of the recall's queries (default: 0).")
  private long seed;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32, float64, bfloat16 or float16 (default: the run's).")
  private Optional<DType> type = Optional.empty();

  @Option(names = "--force", description = "Replace an index that was made from something else.")
  private boolean force;

  @Override
  public Integer call() {
    corpus.checkFirst(out, "--out");
    FolderKind.INFLUENCE_INDEX.requireReplaceable(out);
    RunFolder run = RunFolder.open(runFolder);
    DType precision = type.orElseGet(() -> run.manifest().precision());
    IndexSettings settings =
        IndexSettings.DEFAULT
            .withCurvature(curvature)
            .withDamping(damping.damping())
            .withKeeps(Keeps.of(components, bits))
            .withSeed(seed)
            .withRecallQueries(recallQueries)
            .withSelfInfluence(selfInfluence)
            .withCompute(compute.compute(precision));
    ConsoleProgress progress = new ConsoleProgress();
    try (ModelFolder model =
            ModelFolder.open(
                Path.of(run.manifest().model().folder()),
                corpus.endTokens(run.manifest().corpus().endTokens()),
                precision,
                compute.device());
        Corpus data =
            corpus.open(model.tokenization(run.manifest().corpus().sequenceLength()), progress)) {
      IndexBuild.run(run, model.model(), data, settings, out, force, progress);
      System.out.println(Summary.of(out, InfluenceIndex.manifest(out)));
    }
    return 0;
  }
}
