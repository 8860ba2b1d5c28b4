package dev.whence.attribution;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.corpus.Query;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.curvature.LayerFactors;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.tensor.NativeMemory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Preconditions queries with a run's factors, which are in memory for a few layers at a time alone.
 *
 * @param layers the run's, in its order
 * @param verified names of layers whose factor files were found to be those that were fitted
 */
record Preconditioner(
    RunFolder run,
    LanguageModel model,
    List<Linear> layers,
    CurvatureKind curvature,
    Damping damping,
    Set<String> verified) {

  static Preconditioner of(
      RunFolder run, LanguageModel model, CurvatureKind curvature, Damping damping) {
    List<Linear> layers =
        run.manifest().layers().stream()
            .map(layer ->
                model
                    .linear(layer.name())
                    .orElseThrow(() ->
                        new InvalidInputException(
                            run.path() + " has a layer " + layer.name() + " that the model lacks")))
            .toList();
    return new Preconditioner(run, model, layers, curvature, damping, new HashSet<>());
  }

  /** The inverse curvature of some layers, and the factors that it is made of. */
  record Curvatures(List<Curvature> layers, RunFolder.Factors factors) implements AutoCloseable {
    @Override
    public void close() {
      layers.forEach(Curvature::close);
      factors.close();
    }
  }

  /** Loads a range of layers; the caller closes them. */
  Curvatures curvatures(Range range) {
    List<RunManifest.Layer> subset = range.of(run.manifest().layers());
    for (RunManifest.Layer layer : subset) {
      if (!verified.contains(layer.name())) { // once: a scan in parts loads them for each chunk
        run.verify(layer);
        verified.add(layer.name());
      }
    }
    Curvatures curvatures =
        new Curvatures(
            new ArrayList<>(),
            run.verifiedFactors(subset, model.type().accumulator(), model.device()));
    try {
      for (LayerFactors layer : curvatures.factors.layers()) {
        curvatures.layers.add(layer.curvature(curvature, damping));
      }
      return curvatures;
    } catch (RuntimeException e) {
      curvatures.close();
      throw e;
    }
  }

  /**
   * Queries' preconditioned gradients at some layers; the caller closes them.
   *
   * @param ranges of layers, the factors of one range in memory at a time
   * @param rank of the products that are kept; 0 keeps whole gradients
   */
  PreconditionedQueries prepare(
      List<Query> queries, List<Range> ranges, int rank, Progress progress) {
    List<PreconditionedQueries> done = new ArrayList<>();
    try {
      for (Range range : ranges) {
        try (Curvatures loaded = curvatures(range)) {
          done.add(
              PreconditionedQueries.of(
                  model, range.of(layers), queries, loaded.layers, rank, progress));
        }
        NativeMemory.giveBack(); // the factors are gone
      }
      return PreconditionedQueries.joinLayers(done);
    } catch (RuntimeException e) {
      done.forEach(PreconditionedQueries::close);
      throw e;
    }
  }
}
