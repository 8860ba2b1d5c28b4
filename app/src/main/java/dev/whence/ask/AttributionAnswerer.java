package dev.whence.ask;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.Damping;
import dev.whence.index.IndexSearcher;
import dev.whence.index.InfluenceIndex;
import dev.whence.influence.Candidates;
import dev.whence.store.Library;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Answers a question by attribution with the run and the corpus of open results. */
public record AttributionAnswerer(Library library, ModelDesk desk) implements JobQueue.Answerer {
  /** The id of the only query in a job's results. */
  public static final String QUERY = "asked";

  private static final String PREFIX = "asked/";

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** The name under which a job's results are in the library. */
  public static String name(Job job) {
    return PREFIX + job.id();
  }

  /** Whether results are a job's, which were asked for in the browser. */
  public static boolean isAnswer(ResultsStore store) {
    return store.name().startsWith(PREFIX);
  }

  /** The hashes of the run and the corpus that results were made from. */
  public static String origin(ResultsStore store) {
    return store.folder().manifest().runSha256() + " " + store.folder().manifest().corpus().hash();
  }

  @Override
  public void answer(Job job, Path results, Progress progress) {
    Question question = job.question();
    ResultsStore base =
        library
            .find(question.results())
            .orElseThrow(() ->
                new InvalidInputException(
                    "The results '" + question.results() + "' are not open any more"));
    if (!origin(base).equals(question.origin())) {
      throw new InvalidInputException(
          "the results '%s' that are open now are not those that were asked about; ask again"
              .formatted(question.results()));
    }
    Corpus corpus = library.requireCorpus(base).corpus();
    desk.with(
        base,
        PATIENCE,
        loaded -> {
          loaded.run().requireManifest(base.folder().manifest().runSha256());
          Query query =
              loaded.folder().text().typed(QUERY, question.prompt(), question.completion());
          Optional<Candidates> candidates =
              question.rerank() > 0
                  ? Optional.of(byIndex(question, base, query, loaded, results))
                  : byTerms(question, base, query, progress);
          Attribution.run(
              new AttributionInput(
                  loaded.run(),
                  loaded.model(),
                  loaded.folder().tokenizer(),
                  List.of(query),
                  corpus,
                  candidates),
              AttributionSettings.DEFAULT
                  .withCurvature(question.curvature())
                  .withDamping(new Damping.Relative(question.dampingRatio()))
                  .withTop(question.top())
                  .withAllScores(true)
                  .withLayerwise(false)
                  .withTokenwise(false)
                  .computing(c -> c.withDevices(List.of(loaded.model().device()))),
              results,
              false,
              progress);
          return results;
        });
    if (library.find(name(job)).isEmpty()) {
      library.add(name(job), results);
    }
  }

  private Optional<Candidates> byTerms(
      Question question, ResultsStore base, Query query, Progress progress) {
    return question.candidates() == 0
        ? Optional.empty()
        : Optional.of(library.candidates(base, query, question.candidates(), progress));
  }

  /** Asks the influence index, and leaves its estimates to be looked at meanwhile. */
  private Candidates byIndex(
      Question question, ResultsStore base, Query query, ModelDesk.Loaded loaded, Path results) {
    InfluenceIndex index = library.requireInfluenceIndex(base);
    if (index.curvature() != question.curvature()) {
      throw new InvalidInputException(
          "The index was made for %s; ask for that, or set the index's best to 0 for a scan"
              .formatted(index.curvature()));
    }
    IndexSearcher searcher = loaded.searcher(index, new Damping.Relative(question.dampingRatio()));
    List<IndexSearcher.Answer> estimates =
        searcher.estimate(List.of(query), Math.max(Estimates.COUNT, question.rerank()));
    Estimates.of(estimates.getFirst(), library.requireCorpus(base)).write(results);
    return searcher.candidates(estimates, question.rerank());
  }
}
