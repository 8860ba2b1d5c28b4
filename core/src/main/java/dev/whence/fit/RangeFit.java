package dev.whence.fit;

import dev.whence.Json;
import dev.whence.Progress;
import dev.whence.budget.ShrinkingBatches;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.curvature.CurvatureKind;
import dev.whence.folder.AtomicFile;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.FactorsFile;
import dev.whence.tensor.DType;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.PassCheckpoint;
import dev.whence.trace.PassRanges;
import dev.whence.trace.PassState;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Fits the layers that are in memory together: a pass for the covariances, their
 * eigendecompositions, a pass for the corrected eigenvalues.
 *
 * @param models the same on each device, of which the first has the totals
 * @param layers of the first
 * @param groups of these layers
 * @param prefix of the names of the files on the way, so that ranges of layers do not meet
 */
record RangeFit(
    List<LanguageModel> models,
    List<Linear> layers,
    InputGroups groups,
    Corpus corpus,
    FitSettings settings,
    int batchTokens,
    Path folder,
    String prefix,
    Progress progress) {
  private static final int COVARIANCE_STREAM = 0;
  private static final int LAMBDA_STREAM = 1;
  private static final String COVARIANCES = "covariances.safetensors";
  private static final String SQUARES = "squares.safetensors";
  private static final String DONE = "done.json";

  /** What the two passes saw. */
  record Counts(Bases.Counts covariances, long lambdaSequences) {
    static final Counts NONE = new Counts(new Bases.Counts(0, 0), 0);
  }

  /** Fits, or takes up what an earlier try left, and completes the layers' factor files. */
  Counts run() {
    Path done = folder.resolve(prefix + DONE);
    if (Files.exists(done)) {
      return Bases.readMarker(done, Counts.class);
    }
    DType type = settings.compute().type().accumulator();
    NativeMemory.giveBack(); // what other layers took
    try (Bases bases = settings.fitsEigenbases() ? bases(type) : Bases.none(layers.size());
        SequenceSquares squares = squares(layers, bases, models.getFirst(), type)) {
      NativeMemory.giveBack(); // the covariances are gone
      if (settings.fitsSequenceGradients()) {
        pass(
            "accumulating corrected eigenvalues",
            squares,
            settings.lambdaSequences(),
            LAMBDA_STREAM,
            folder.resolve(prefix + SQUARES),
            model -> shareOfSquares(model, bases, type));
      }
      for (int l = 0; l < layers.size(); l++) {
        complete(l, bases.counts(), squares);
      }
      Counts counts = new Counts(bases.counts(), squares.sequences());
      AtomicFile.write(done, Json.MAPPER.writeValueAsString(counts));
      Files.deleteIfExists(folder.resolve(prefix + COVARIANCES));
      Files.deleteIfExists(folder.resolve(prefix + SQUARES));
      return counts;
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }

  /** Removes what ranges of layers left beside the factor files, once the run is complete. */
  static void forget(Path folder) {
    for (String name : List.of(DONE, Bases.MARKER, COVARIANCES, SQUARES, Division.FILE)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + name)) {
        for (Path file : files) {
          Files.delete(file);
        }
      } catch (IOException e) {
        throw AtomicFile.failed("write to", folder, e);
      }
    }
  }

  /** The eigenbases: those of an earlier try, or of a pass over the corpus. */
  private Bases bases(DType type) {
    Optional<Bases> earlier =
        Bases.read(folder, prefix, layers, groups, type, settings.compute().device());
    if (earlier.isPresent()) {
      return earlier.get();
    }
    try (Covariances covariances = covariances(layers, models.getFirst(), type)) {
      pass(
          "accumulating covariances",
          covariances,
          settings.covarianceSequences(),
          COVARIANCE_STREAM,
          folder.resolve(prefix + COVARIANCES),
          model -> {
            List<Linear> own = layersOf(model);
            return new FitPass.Share(model, own, covariances(own, model, type), Optional.empty());
          });
      if (settings.compute().type() == DType.FLOAT16) { // other types reach as far down as float32
        covariances.requireGradients();
      }
      NativeMemory.giveBack();
      try (Progress.Stage stage = progress.begin("decomposing", layers.size(), "layers")) {
        return Bases.decompose(
            folder, prefix, layers, groups, covariances, settings, () -> stage.advance(1));
      }
    }
  }

  private Covariances covariances(List<Linear> ofModel, LanguageModel model, DType type) {
    return new Covariances(
        ofModel,
        groups,
        settings.blocks(),
        type,
        model.device(),
        ranges(settings.covarianceSequences()).severalChunks());
  }

  private SequenceSquares squares(
      List<Linear> ofModel, Bases bases, LanguageModel model, DType type) {
    return new SequenceSquares(
        ofModel,
        settings.fits(CurvatureKind.EKFAC)
            ? bases.kronecker()
            : Bases.none(layers.size()).kronecker(),
        settings.fits(CurvatureKind.DIAGONAL),
        type,
        model.device(),
        ranges(settings.lambdaSequences()).severalChunks());
  }

  private List<Linear> layersOf(LanguageModel model) {
    return model.linears(layers.stream().map(Linear::name).toList());
  }

  /** How a pass over so many sequences is cut. */
  private PassRanges ranges(long count) {
    return PassRanges.of(
        corpus, Selection.spread(corpus.size(), count), settings.compute().batchTokens());
  }

  private FitPass.Share shareOfSquares(LanguageModel model, Bases bases, DType type) {
    List<Linear> own = layersOf(model);
    if (model.equals(models.getFirst()) || !settings.fitsEigenbases()) {
      return new FitPass.Share(model, own, squares(own, bases, model, type), Optional.empty());
    }
    Bases copy = Bases.read(folder, prefix, own, groups, type, model.device()).orElseThrow();
    try {
      return new FitPass.Share(model, own, squares(own, copy, model, type), Optional.of(copy));
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  private void pass(
      String what,
      PassState state,
      long count,
      int stream,
      Path file,
      Function<LanguageModel, FitPass.Share> share) {
    String range = prefix.isEmpty() ? "" : " of " + prefix.replaceFirst("-$", "");
    FitPass pass =
        new FitPass(
            corpus,
            Selection.spread(corpus.size(), count),
            ranges(count),
            settings.targets(stream),
            new PassCheckpoint(file),
            settings.compute().checkpointSeconds());
    FitPass.Share whole = new FitPass.Share(models.getFirst(), layers, state, Optional.empty());
    ShrinkingBatches.run(
        batchTokens,
        (tokens, remark) -> {
          List<FitPass.Share> shares = new ArrayList<>();
          try (Progress.Stage stage =
              progress.begin(what + range + remark, pass.sequences(), "sequences")) {
            if (models.size() > 1) {
              models.forEach(model -> shares.add(share.apply(model)));
            }
            pass.run(whole, shares, tokens, stage);
          } finally {
            shares.forEach(FitPass.Share::close);
          }
          return state;
        });
  }

  /** Adds to a layer's file what the second pass found. */
  private void complete(int layer, Bases.Counts counts, SequenceSquares squares) {
    String name = layers.get(layer).name();
    Path path = FactorsFile.path(folder, name);
    try (Scope _ = Scope.open()) {
      FactorsFile.Builder file = new FactorsFile.Builder(settings.storedType());
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
}
