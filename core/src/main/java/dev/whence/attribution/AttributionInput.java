package dev.whence.attribution;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.influence.Candidates;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import java.util.List;
import java.util.Optional;

/**
 * What an attribution is made from.
 *
 * @param model loaded from the run's checkpoint
 * @param tokenizer shows tokens as text, if there is one
 * @param queries may be empty when self-influence is wanted
 * @param corpus what is scored; it need not be what the run was fitted to
 * @param candidates when given, only they are scored, and each query is told of its own alone
 */
public record AttributionInput(
    RunFolder run,
    LanguageModel model,
    Optional<Tokenizer> tokenizer,
    List<Query> queries,
    Corpus corpus,
    Optional<Candidates> candidates) {
  /**
   * Looks at the queries.
   *
   * @throws InvalidInputException when one has a token that the model does not know
   */
  public AttributionInput {
    for (Query query : queries) {
      query.requireWithin(model.vocabularySize());
    }
  }

  /** Every sequence of the corpus is scored. */
  public AttributionInput(
      RunFolder run,
      LanguageModel model,
      Optional<Tokenizer> tokenizer,
      List<Query> queries,
      Corpus corpus) {
    this(run, model, tokenizer, queries, corpus, Optional.empty());
  }
}
