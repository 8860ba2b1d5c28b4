package dev.whence.attribution;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.LayerRanges;
import dev.whence.corpus.Query;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.SequenceViews;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsManifest;
import dev.whence.run.RunFolder;
import java.util.List;

/**
 * Looks at what influences one query in more ways than the tables of its results have. The query's
 * gradient is preconditioned again, at full rank, one layer's factors in memory at a time.
 */
public final class SequenceViewer implements AutoCloseable {
  private final Preconditioner preconditioner;
  private final PreconditionedQueries prepared;

  private SequenceViewer(Preconditioner preconditioner, PreconditionedQueries prepared) {
    this.preconditioner = preconditioner;
    this.prepared = prepared;
  }

  /**
   * Prepares to look at a query of some results.
   *
   * @param model that of the run; it must stay open as long as the viewer
   * @throws InvalidInputException when the run has changed since, or there is no such query
   */
  public static SequenceViewer of(
      ResultsFolder results, RunFolder run, LanguageModel model, String queryId) {
    ResultsManifest manifest = results.manifest();
    run.requireManifest(manifest.runSha256());
    Preconditioner preconditioner =
        Preconditioner.of(
            run,
            model,
            AttributionSettings.curvature(manifest),
            AttributionSettings.damping(manifest));
    Query query = results.query(queryId);
    List<LayerRanges.Range> single =
        new LayerRanges.Range(0, preconditioner.layers().size()).cut(1);
    return new SequenceViewer(
        preconditioner, preconditioner.prepare(List.of(query), single, 0, Progress.NONE));
  }

  /** All views of a sequence. */
  public SequenceViews views(int[] tokens) {
    return SequenceViews.of(preconditioner.model(), preconditioner.layers(), prepared, 0, tokens);
  }

  @Override
  public void close() {
    prepared.close();
  }
}
