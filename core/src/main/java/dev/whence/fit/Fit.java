package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSummary;
import dev.whence.corpus.Selection;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Hashes;
import dev.whence.folder.Manifest;
import dev.whence.folder.ModelSource;
import dev.whence.folder.Provenance;
import dev.whence.folder.WorkFolder;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.FactorsFile;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Tf32;
import dev.whence.trace.PassRanges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Fits the curvature of a model's tracked layers to a corpus (METHOD section 2, steps 1 to 3): a
 * pass for the covariances, their eigendecompositions, a pass for the corrected eigenvalues.
 */
public final class Fit {
  private final LanguageModel model;
  private final Path modelFolder;
  private final Corpus corpus;
  private final FitSettings settings;
  private final Progress progress;
  private final List<Linear> layers;
  private final InputGroups groups;
  private final FitMemory memory;

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
    this.memory =
        FitMemory.of(
            model.shape(),
            layers.stream().map(Linear::shape).toList(),
            settings,
            Math.max(1, corpus.maximumLength()),
            severalChunks());
  }

  private boolean severalChunks() {
    return LongStream.of(settings.covarianceSequences(), settings.lambdaSequences())
        .mapToObj(count -> Selection.spread(corpus.size(), count))
        .anyMatch(selection ->
            PassRanges.of(corpus, selection, settings.compute().batchTokens()).severalChunks());
  }

  /** Fits without a report of progress; what was made from something else is not replaced. */
  public static RunFolder run(
      LanguageModel model, Path modelFolder, Corpus corpus, FitSettings settings, Path out) {
    return run(model, modelFolder, corpus, settings, out, false, Progress.NONE);
  }

  /**
   * Fits, or takes up an interrupted fit of the same model, corpus and settings, and writes the run
   * folder. When {@code out} is already such a run, it is returned as it is.
   *
   * @param model of the settings' type, on their device
   * @param modelFolder the checkpoint that it was loaded from
   * @param force replaces a run that was made from something else, and discards an interrupted one
   *     of something else
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
    if (settings.compute().type() != model.type()) {
      throw new IllegalArgumentException(
          "the model is in "
              + model.type()
              + ", the settings ask for "
              + settings.compute().type());
    }
    settings.compute().requireDevice(model.device());
    Fit fit = new Fit(model, modelFolder, corpus, settings, progress);
    String modelHash = Hashes.ofFiles(LanguageModel.files(modelFolder));
    Map<String, String> identity = new LinkedHashMap<>(settings.options());
    identity.put("format", "" + RunManifest.FORMAT);
    identity.put("whence", Provenance.VERSION);
    identity.put("model", modelHash);
    identity.put("corpus", corpus.hash());
    FolderKind.RUN.requireReplaceable(out);
    if (!WorkFolder.isFree(out) && !force) {
      RunFolder existing = RunFolder.open(out);
      if (fit.madeFrom(existing.manifest(), modelHash)) {
        return existing;
      }
      throw new InvalidInputException(
          out
              + " was fitted from another model, corpus or setting; give --force to replace it, or another --out");
    }
    // What memory does not allow is refused before anything is written.
    List<Range> _ = fit.memory.split();
    try (WorkFolder work = WorkFolder.open(out, FolderKind.RUN, identity, force);
        Tf32 _ = Tf32.allow(settings.compute().tf32())) {
      if (!Files.exists(work.path().resolve(Manifest.NAME))) {
        fit.into(work, modelHash, force);
      }
      RangeFit.forget(work.path());
      return RunFolder.open(work.publish());
    }
  }

  private boolean madeFrom(RunManifest manifest, String modelHash) {
    return manifest.whenceVersion().equals(Provenance.VERSION)
        && manifest.settings().equals(settings.options())
        && manifest.model().sha256().equals(modelHash)
        && manifest.corpus().hash().equals(corpus.hash());
  }

  private void into(WorkFolder work, String modelHash, boolean force) {
    List<Range> ranges = Division.of(work, memory, force).ranges();
    Path folder = work.path();
    createFactorsFolder(folder);
    InputGroups cut = groups.within(ranges);
    RangeFit.Counts counts = RangeFit.Counts.NONE;
    List<LanguageModel> models = new ArrayList<>(List.of(model));
    try {
      for (Device other :
          settings.compute().devices().subList(1, settings.compute().devices().size())) {
        models.add(LanguageModel.load(modelFolder, model.type(), other));
      }
      for (Range range : ranges) {
        counts =
            new RangeFit(
                    models,
                    range.of(layers),
                    cut.of(range),
                    corpus,
                    settings,
                    memory.batch().tokens(),
                    folder,
                    ranges.size() == 1 ? "" : "layers-%d-%d-".formatted(range.from(), range.to()),
                    progress)
                .run();
      }
    } finally {
      models.subList(1, models.size()).forEach(LanguageModel::close);
    }
    Manifest.write(folder, manifest(folder, modelHash, cut, counts));
  }

  private RunManifest manifest(
      Path folder, String modelHash, InputGroups groups, RangeFit.Counts counts) {
    List<RunManifest.Layer> described = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      Linear layer = layers.get(l);
      Path factors = FactorsFile.path(folder, layer.name());
      try (SafetensorsFile file = SafetensorsFile.open(factors)) {
        described.add(
            new RunManifest.Layer(
                layer.name(),
                layer.outputs(),
                layer.inputs(),
                layer.hasBias(),
                groups.leads(l)
                    ? Optional.empty()
                    : Optional.of(layers.get(groups.leader().get(l)).name()),
                FactorsFile.activationRank(file),
                FactorsFile.gradientRank(file),
                Hashes.ofFiles(List.of(factors))));
      }
    }
    return new RunManifest(
        FolderKind.RUN.id(),
        RunManifest.FORMAT,
        Provenance.VERSION,
        Instant.now().toString(),
        new ModelSource(modelFolder.toString(), model.architecture(), modelHash),
        CorpusSummary.of(corpus),
        settings.options(),
        described,
        counts.covariances().sequences(),
        counts.covariances().positions(),
        counts.lambdaSequences(),
        counts.covariances().positionsPerSequence());
  }

  private static void createFactorsFolder(Path folder) {
    try {
      Files.createDirectories(folder.resolve("factors"));
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }
}
