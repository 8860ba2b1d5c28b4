package dev.whence.benchmarks;

import dev.whence.Progress;
import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.Compute;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Tokenization;
import dev.whence.curvature.Fisher;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whence itself, through the interface that its command line uses, files and all. */
final class Ours implements Contender, AutoCloseable {
  private static final int HOUR = 3600;

  private final Path folder;
  private final Shapes shapes;
  private final int blocks;
  private final Compute compute;
  private final LanguageModel model;

  /** Uses a folder that {@link Shapes#write} filled, on the CPU as the command line does. */
  Ours(Path folder, Shapes shapes) {
    this(folder, shapes, 1, Compute.DEFAULT);
  }

  /**
   * Uses a folder that {@link Shapes#write} filled.
   *
   * @param blocks of each covariance
   */
  Ours(Path folder, Shapes shapes, int blocks, Compute compute) {
    this.blocks = blocks;
    this.folder = folder;
    this.shapes = shapes;
    this.compute = compute.withCheckpointSeconds(HOUR);
    this.model = LanguageModel.load(folder.resolve("model"), compute.type(), compute.device());
  }

  @Override
  public Map<Phase, Double> fit(Job job, boolean empirical) {
    StageTimes times = new StageTimes();
    try (Corpus corpus = corpus(job.fit())) {
      FitSettings settings =
          FitSettings.DEFAULT
              .withFisher(empirical ? Fisher.EMPIRICAL : Fisher.SAMPLED)
              .withBlocks(blocks)
              .withCompute(compute);
      Fit.run(model, folder.resolve("model"), corpus, settings, run(), true, times);
    }
    return Map.of(
        Phase.COVARIANCE, times.of("accumulating covariances"),
        Phase.EIGENDECOMPOSITION, times.of("decomposing"),
        Phase.LAMBDA, times.of("accumulating corrected eigenvalues"));
  }

  @Override
  public Map<Phase, Double> score(Job job, Path scores) {
    StageTimes times = new StageTimes();
    Path results = folder.resolve("results");
    try (Corpus corpus = corpus(job.scan())) {
      var queries =
          QueryFile.read(
              folder.resolve("queries.jsonl"),
              Optional.empty(),
              shapes.vocabulary(),
              model.maximumPositions());
      AttributionSettings settings =
          AttributionSettings.DEFAULT
              .withRank(job.rank())
              .withTop(1)
              .withAllScores(true)
              .withLayerwise(false)
              .withTokenwise(false)
              .withCompute(compute);
      Attribution.run(
          new AttributionInput(
              RunFolder.open(run()),
              model,
              Optional.empty(),
              queries.subList(0, job.queries()),
              corpus),
          settings,
          results,
          true,
          times);
      Files.copy(
          results.resolve(ResultsFolder.SCORES), scores, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.of(
        Phase.PRECONDITION,
        times.of("preconditioning"),
        Phase.SCAN,
        times.of("scanning") + times.ofAny("forming products"));
  }

  private Path run() {
    return folder.resolve("run");
  }

  /** The first sequences, as a corpus of their own. */
  private Corpus corpus(int sequences) {
    Path part = folder.resolve("corpus-" + sequences + ".jsonl");
    try {
      List<String> lines = Files.readAllLines(folder.resolve("corpus.jsonl"));
      Files.write(part, lines.subList(0, sequences));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Corpus.open(
        CorpusSource.of(part),
        new Tokenization(Optional.empty(), shapes.positions() + 1, shapes.vocabulary()),
        folder.resolve("cache"),
        Progress.NONE);
  }

  @Override
  public void close() {
    model.close();
  }
}
