package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.curvature.Covariance;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.Fisher;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.model.CorpusPass;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.Targets;
import dev.whence.model.Trace;
import dev.whence.run.FactorsFile;
import dev.whence.run.FactorsFile.Factor;
import dev.whence.run.Provenance;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.WorkFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fits the curvature of a model's tracked layers to a corpus (METHOD section 2, steps 1 to 3): a
 * pass for the covariances, their eigendecompositions, a pass for the corrected eigenvalues.
 */
public final class Fit {
  private static final int COVARIANCE_STREAM = 0;
  private static final int LAMBDA_STREAM = 1;

  private final LanguageModel model;
  private final Path modelFolder;
  private final Corpus corpus;
  private final FitSettings settings;
  private final Progress progress;
  private final List<Linear> layers;
  private final InputGroups groups;

  private Fit(
      LanguageModel model,
      Path modelFolder,
      Corpus corpus,
      FitSettings settings,
      Progress progress) {
    this.model = model;
    this.modelFolder = modelFolder.toAbsolutePath().normalize();
    this.corpus = corpus;
    this.settings = settings;
    this.progress = progress;
    this.layers = settings.layers().of(model);
    this.groups = InputGroups.of(model, layers);
  }

  /**
   * Fits, or takes up an interrupted fit of the same model, corpus and settings, and writes the run
   * folder. When {@code out} is already such a run, it is returned as it is.
   *
   * @param model of the settings' type, on their device
   * @param modelFolder the checkpoint that it was loaded from
   * @param force replaces a run that was made from something else, and starts over
   * @throws InvalidInputException when {@code out} is something else and {@code force} is not given
   */
  public static RunFolder run(
      LanguageModel model,
      Path modelFolder,
      Corpus corpus,
      FitSettings settings,
      Path out,
      boolean force,
      Progress progress) {
    Fit fit = new Fit(model, modelFolder, corpus, settings, progress);
    String modelHash = Provenance.sha256(LanguageModel.files(modelFolder));
    Map<String, String> identity = new LinkedHashMap<>(settings.options());
    identity.put("format", "" + RunManifest.FORMAT);
    identity.put("model", modelHash);
    identity.put("corpus", corpus.hash());
    if (!WorkFolder.isFree(out) && !force) {
      RunFolder existing = RunFolder.open(out);
      if (fit.madeFrom(existing.manifest(), modelHash)) {
        return existing;
      }
      throw new InvalidInputException(
          out
              + " was fitted from another model, corpus or setting; give --force to replace it, or another --out");
    }
    try (WorkFolder work = WorkFolder.open(out, identity, force)) {
      fit.into(work.path(), modelHash);
      work.publish();
    }
    return RunFolder.open(out);
  }

  private boolean madeFrom(RunManifest manifest, String modelHash) {
    return manifest.settings().equals(settings.options())
        && manifest.model().sha256().equals(modelHash)
        && manifest.corpus().hash().equals(corpus.hash());
  }

  private void into(Path folder, String modelHash) {
    createFactorsFolder(folder);
    DType type = settings.type().accumulator();
    long positions = 0;
    long covarianceSequences = 0;
    List<Optional<Kronecker>> bases = new ArrayList<>();
    layers.forEach(_ -> bases.add(Optional.empty()));
    List<Eigenbasis> owned = new ArrayList<>();
    try (Covariances covariances =
        new Covariances(layers, groups, settings.blocks(), type, settings.device())) {
      if (settings.fitsEigenbases()) {
        pass(
            "accumulating covariances",
            covariances,
            settings.covarianceSequences(),
            COVARIANCE_STREAM,
            folder.resolve("covariances.safetensors"));
        positions = covariances.positions();
        covarianceSequences = covariances.sequences();
        decompose(covariances, bases, owned);
      }
      long lambdaSequences;
      try (SequenceSquares squares =
          new SequenceSquares(
              layers,
              settings.fits(CurvatureKind.EKFAC)
                  ? bases
                  : layers.stream().map(_ -> Optional.<Kronecker>empty()).toList(),
              settings.fits(CurvatureKind.DIAGONAL),
              type,
              settings.device())) {
        if (settings.fitsSequenceGradients()) {
          pass(
              "accumulating corrected eigenvalues",
              squares,
              settings.lambdaSequences(),
              LAMBDA_STREAM,
              folder.resolve("squares.safetensors"));
        }
        lambdaSequences = squares.sequences();
        write(folder, covariances, bases, squares);
      }
      RunFolder.writeManifest(
          folder, manifest(modelHash, covarianceSequences, positions, lambdaSequences));
      deleteCheckpoints(folder);
    } finally {
      owned.forEach(Eigenbasis::close);
    }
  }

  private void pass(String what, PassState state, long count, int stream, Path file) {
    PassCheckpoint checkpoint = new PassCheckpoint(file);
    Selection selection = Selection.spread(corpus.size(), count);
    Targets targets =
        settings.fisher() == Fisher.SAMPLED
            ? new Targets.Sampled(settings.seed(), stream)
            : new Targets.Given();
    long start = checkpoint.restore(state);
    Instant[] saved = {Instant.now()};
    try (Progress.Stage stage = progress.begin(what, selection.count(), "sequences")) {
      stage.advance(start);
      new CorpusPass(corpus, selection, settings.batchTokens(), settings.device())
          .run(
              start,
              (_, batch) -> state.add(Trace.of(model, layers, batch, targets), batch),
              next -> {
                boolean due =
                    Duration.between(saved[0], Instant.now()).toSeconds()
                        >= settings.checkpointSeconds();
                if (due || next == selection.count()) {
                  checkpoint.save(state, next);
                  saved[0] = Instant.now();
                }
              },
              stage);
    }
  }

  private void decompose(
      Covariances covariances, List<Optional<Kronecker>> bases, List<Eigenbasis> owned) {
    double positionsPerSequence =
        (double) covariances.positions() / Math.max(1, covariances.sequences());
    Map<Integer, Eigenbasis> activations = new HashMap<>();
    try (Progress.Stage stage = progress.begin("decomposing", layers.size(), "layers")) {
      for (int l = 0; l < layers.size(); l++) {
        int leader = groups.leader().get(l);
        Eigenbasis activation = activations.get(leader);
        if (activation == null) {
          activation = decompose(covariances.activation(l), l, covariances.positions());
          activations.put(leader, activation);
          owned.add(activation);
        }
        Eigenbasis gradient = decompose(covariances.gradient(l), l, covariances.positions());
        owned.add(gradient);
        bases.set(l, Optional.of(new Kronecker(activation, gradient, positionsPerSequence)));
        stage.advance(1);
      }
    }
  }

  private Eigenbasis decompose(Covariance sum, int layer, long positions) {
    try (Scope _ = Scope.open()) {
      return Eigenbasis.of(sum.blocks(), sum.mean(positions));
    } catch (ArithmeticException e) {
      throw new ArithmeticException(
          "a covariance of layer "
              + layers.get(layer).name()
              + " cannot be decomposed: "
              + e.getMessage()
              + "; try --dtype float64");
    }
  }

  private void write(
      Path folder,
      Covariances covariances,
      List<Optional<Kronecker>> bases,
      SequenceSquares squares) {
    for (int l = 0; l < layers.size(); l++) {
      try (Scope _ = Scope.open()) {
        FactorsFile.Builder file = new FactorsFile.Builder();
        int layer = l;
        bases
            .get(l)
            .ifPresent(pair -> {
              long positions = covariances.positions();
              file.activation(
                  new Factor(covariances.activation(layer).mean(positions), pair.activation()));
              file.gradient(
                  new Factor(covariances.gradient(layer).mean(positions), pair.gradient()));
            });
        squares.lambda(l).ifPresent(file::lambda);
        squares.diagonal(l).ifPresent(file::diagonal);
        file.count("covariance_sequences", covariances.sequences())
            .count("covariance_positions", covariances.positions())
            .count("lambda_sequences", squares.sequences())
            .write(FactorsFile.path(folder, layers.get(l).name()));
      }
    }
  }

  private RunManifest manifest(
      String modelHash, long covarianceSequences, long positions, long lambdaSequences) {
    List<RunManifest.Layer> described = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      Linear layer = layers.get(l);
      described.add(
          new RunManifest.Layer(
              layer.name(),
              layer.outputs(),
              layer.inputs(),
              layer.hasBias(),
              groups.leads(l)
                  ? Optional.empty()
                  : Optional.of(layers.get(groups.leader().get(l)).name())));
    }
    return new RunManifest(
        RunManifest.KIND,
        RunManifest.FORMAT,
        Provenance.VERSION,
        Instant.now().toString(),
        new RunManifest.ModelSource(modelFolder.toString(), model.architecture(), modelHash),
        new RunManifest.CorpusSummary(
            corpus.hash(),
            corpus.sequenceLength(),
            corpus.documents(),
            corpus.size(),
            corpus.totalPositions()),
        settings.options(),
        described,
        covarianceSequences,
        positions,
        lambdaSequences,
        (double) positions / Math.max(1, covarianceSequences));
  }

  private static void createFactorsFolder(Path folder) {
    try {
      Files.createDirectories(folder.resolve("factors"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write to " + folder + ": " + e.getMessage(), e);
    }
  }

  private static void deleteCheckpoints(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve("covariances.safetensors"));
      Files.deleteIfExists(folder.resolve("squares.safetensors"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write to " + folder + ": " + e.getMessage(), e);
    }
  }
}
