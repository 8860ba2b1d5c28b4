package dev.whence.ask;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.attribution.Candidates;
import dev.whence.attribution.Query;
import dev.whence.attribution.QueryFile;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.Damping;
import dev.whence.results.Attribution;
import dev.whence.results.AttributionSettings;
import dev.whence.search.Bm25;
import dev.whence.search.Filter;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import dev.whence.store.Library;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Answers with the run and the corpus of results that are open. */
public record AttributionAnswerer(Library library, ModelDesk desk) implements JobQueue.Answerer {
  /** The id of the only query in a job's results. */
  public static final String QUERY = "asked";

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** The name under which a job's results are in the library. */
  public static String name(Job job) {
    return "asked/" + job.id();
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
    Corpus corpus =
        library
            .corpus(base)
            .orElseThrow(() ->
                new InvalidInputException(
                    "The tokenised corpus is not in the cache any more; run 'whence attribute' on"
                        + " it once"))
            .corpus();
    desk.with(
        base,
        PATIENCE,
        loaded -> {
          Tokenizer tokenizer =
              loaded
                  .folder()
                  .tokenizer()
                  .orElseThrow(() ->
                      new InvalidInputException(
                          "The model has no tokenizer.json, so text cannot be asked about"));
          Query query = query(question, tokenizer, loaded.model().maximumPositions());
          Attribution.run(
              loaded.run(),
              loaded.model(),
              Optional.of(tokenizer),
              List.of(query),
              corpus,
              candidates(question, query, corpus, tokenizer, progress),
              AttributionSettings.DEFAULT
                  .withCurvature(question.curvature())
                  .withDamping(new Damping.Relative(question.dampingRatio()))
                  .withTop(question.top())
                  .withAllScores(false, false),
              results,
              false,
              progress);
          return results;
        });
    if (library.find(name(job)).isEmpty()) {
      library.add(name(job), results);
    }
  }

  private static Query query(Question question, Tokenizer tokenizer, int longest) {
    Query query = QueryFile.of(QUERY, question.prompt(), question.completion(), tokenizer);
    if (query.tokens().length <= query.firstScored()) {
      throw new InvalidInputException("The completion has no token to predict");
    }
    if (query.tokens().length > longest) {
      throw new InvalidInputException(
          "Prompt and completion have %d tokens, but the model takes %d"
              .formatted(query.tokens().length, longest));
    }
    return query;
  }

  private Optional<Candidates> candidates(
      Question question, Query query, Corpus corpus, Tokenizer tokenizer, Progress progress) {
    if (question.candidates() == 0) {
      return Optional.empty();
    }
    try (SequenceIndex index =
        SequenceIndex.cached(
            corpus, TermKind.TOKENS, Optional.of(tokenizer), library.cache(), progress)) {
      return Optional.of(
          new Filter(question.candidates(), Bm25.MODIFIED)
              .candidates(index, List.of(query), progress));
    }
  }
}
