package dev.whence.fit;

import dev.whence.AtomicFile;
import dev.whence.Cadence;
import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Fisher;
import dev.whence.model.CorpusPass;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.ShrinkingBatches;
import dev.whence.model.Targets;
import dev.whence.model.Trace;
import dev.whence.run.FactorsFile;
import dev.whence.run.Provenance;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.run.WorkFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
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
  private static final String COVARIANCES = "covariances.safetensors";
  private static final String SQUARES = "squares.safetensors";

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
   * @param force replaces a run that was made from something else
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
    if (settings.type() != model.type()) {
      throw new IllegalArgumentException(
          "the model is in " + model.type() + ", the settings ask for " + settings.type());
    }
    Fit fit = new Fit(model, modelFolder, corpus, settings, progress);
    String modelHash = Provenance.sha256(LanguageModel.files(modelFolder));
    Map<String, String> identity = new LinkedHashMap<>(settings.options());
    identity.put("format", "" + RunManifest.FORMAT);
    identity.put("whence", Provenance.VERSION);
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
    try (WorkFolder work = WorkFolder.open(out, RunManifest.KIND, identity)) {
      fit.into(work.path(), modelHash);
      return RunFolder.open(work.publish());
    }
  }

  private boolean madeFrom(RunManifest manifest, String modelHash) {
    return manifest.whenceVersion().equals(Provenance.VERSION)
        && manifest.settings().equals(settings.options())
        && manifest.model().sha256().equals(modelHash)
        && manifest.corpus().hash().equals(corpus.hash());
  }

  private void into(Path folder, String modelHash) {
    createFactorsFolder(folder);
    DType type = settings.type().accumulator();
    try (Bases bases = settings.fitsEigenbases() ? bases(folder, type) : Bases.none(layers.size());
        SequenceSquares squares =
            new SequenceSquares(
                layers,
                settings.fits(CurvatureKind.EKFAC)
                    ? bases.kronecker()
                    : Bases.none(layers.size()).kronecker(),
                settings.fits(CurvatureKind.DIAGONAL),
                type,
                settings.device())) {
      if (settings.fitsSequenceGradients()) {
        pass(
            "accumulating corrected eigenvalues",
            squares,
            settings.lambdaSequences(),
            LAMBDA_STREAM,
            folder.resolve(SQUARES));
      }
      for (int l = 0; l < layers.size(); l++) {
        complete(folder, l, bases.counts(), squares);
      }
      RunFolder.writeManifest(
          folder, manifest(folder, modelHash, bases.counts(), squares.sequences()));
      Bases.forget(folder);
      Files.deleteIfExists(folder.resolve(COVARIANCES));
      Files.deleteIfExists(folder.resolve(SQUARES));
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }

  /** The eigenbases: those of an earlier try, or of a pass over the corpus. */
  private Bases bases(Path folder, DType type) {
    Optional<Bases> earlier = Bases.read(folder, layers, groups, type, settings.device());
    if (earlier.isPresent()) {
      return earlier.get();
    }
    try (Covariances covariances =
        new Covariances(layers, groups, settings.blocks(), type, settings.device())) {
      pass(
          "accumulating covariances",
          covariances,
          settings.covarianceSequences(),
          COVARIANCE_STREAM,
          folder.resolve(COVARIANCES));
      try (Progress.Stage stage = progress.begin("decomposing", layers.size(), "layers")) {
        return Bases.decompose(folder, layers, groups, covariances, () -> stage.advance(1));
      }
    }
  }

  private void pass(String what, PassState state, long count, int stream, Path file) {
    ShrinkingBatches.run(
        settings.batchTokens(),
        (batchTokens, remark) -> {
          pass(what + remark, state, count, stream, new PassCheckpoint(file), batchTokens);
          return state;
        });
  }

  private void pass(
      String what,
      PassState state,
      long count,
      int stream,
      PassCheckpoint checkpoint,
      int batchTokens) {
    Selection selection = Selection.spread(corpus.size(), count);
    Targets targets =
        settings.fisher() == Fisher.SAMPLED
            ? new Targets.Sampled(settings.seed(), stream)
            : new Targets.Given();
    long start = checkpoint.restore(state);
    Cadence cadence = new Cadence(settings.checkpointSeconds());
    try (Progress.Stage stage = progress.begin(what, selection.count(), "sequences")) {
      stage.advance(start);
      new CorpusPass(corpus, selection, batchTokens, settings.device())
          .run(
              start,
              (_, batch) -> state.add(Trace.of(model, layers, batch, targets), batch),
              next -> {
                if (cadence.due() || next == selection.count()) {
                  checkpoint.save(state, next);
                  cadence.restart();
                }
              },
              stage);
    }
  }

  /** Adds to a layer's file what the second pass found. */
  private void complete(Path folder, int layer, Bases.Counts counts, SequenceSquares squares) {
    String name = layers.get(layer).name();
    Path path = FactorsFile.path(folder, name);
    try (Scope _ = Scope.open()) {
      FactorsFile.Builder file = new FactorsFile.Builder();
      if (settings.fitsEigenbases()) {
        file.copy(path);
      }
      squares.lambda(layer).ifPresent(t -> file.lambda(finite(t, "lambda", name)));
      squares.diagonal(layer).ifPresent(t -> file.diagonal(finite(t, "diagonal", name)));
      file.count("covariance_sequences", counts.sequences())
          .count("covariance_positions", counts.positions())
          .count("lambda_sequences", squares.sequences())
          .write(path);
    }
  }

  private static Tensor finite(Tensor value, String what, String layer) {
    if (!value.isFinite()) {
      throw new ArithmeticException(
          "the %s of layer %s is not finite; try --dtype float32 or float64"
              .formatted(what, layer));
    }
    return value;
  }

  private RunManifest manifest(
      Path folder, String modelHash, Bases.Counts counts, long lambdaSequences) {
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
                  : Optional.of(layers.get(groups.leader().get(l)).name()),
              Provenance.sha256(List.of(FactorsFile.path(folder, layer.name())))));
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
        counts.sequences(),
        counts.positions(),
        lambdaSequences,
        counts.positionsPerSequence());
  }

  private static void createFactorsFolder(Path folder) {
    try {
      Files.createDirectories(folder.resolve("factors"));
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }
}
