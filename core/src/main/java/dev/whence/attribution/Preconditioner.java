package dev.whence.attribution;

import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.Curvatures;
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
    List<Linear> layers = model.linears(run.manifest().layerNames());
    return new Preconditioner(run, model, layers, curvature, damping, new HashSet<>());
  }

  /** The same for the same model on another device. */
  Preconditioner on(LanguageModel other) {
    return new Preconditioner(
        run, other, other.linears(run.manifest().layerNames()), curvature, damping, verified);
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
    return Curvatures.of(
        run.verifiedFactors(subset, model.type().accumulator(), model.device()),
        curvature,
        damping);
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
                  model, range.of(layers), queries, loaded.layers(), rank, progress));
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
