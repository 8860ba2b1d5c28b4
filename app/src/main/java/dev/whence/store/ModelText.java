package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.corpus.EndTokens;
import dev.whence.corpus.Query;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.model.LanguageModel;
import dev.whence.model.ModelLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The parts of a checkpoint that decide how text becomes tokens: the model's limits and its
 * tokenizer. No weights are loaded.
 */
public record ModelText(Path path, ModelLimits limits, Optional<Tokenizer> tokenizer)
    implements AutoCloseable {

  /**
   * Reads a checkpoint's config, and its tokenizer if the folder has one. The tokenizer may know
   * more tokens than the model: what it makes of a text is checked line by line.
   */
  public static ModelText open(Path path) {
    return open(path, EndTokens.AUTO);
  }

  /** Reads a checkpoint's config, and its tokenizer with given ends of documents. */
  public static ModelText open(Path path, EndTokens endTokens) {
    Path file = path.resolve(LanguageModel.TOKENIZER_FILE);
    return new ModelText(
        path,
        ModelLimits.of(path),
        Files.exists(file) ? Optional.of(Tokenizer.load(file, endTokens)) : Optional.empty());
  }

  /** How documents become this model's sequences. */
  public Tokenization tokenization(int sequenceLength) {
    if (sequenceLength > limits.maximumPositions()) {
      throw new InvalidInputException(
          "--sequence-length is %d, but the model takes at most %d tokens"
              .formatted(sequenceLength, limits.maximumPositions()));
    }
    return new Tokenization(tokenizer, sequenceLength, limits.vocabularySize());
  }

  /**
   * Reads a file of queries.
   *
   * @throws InvalidInputException naming the file and the line
   */
  public List<Query> queries(Path file) {
    return QueryFile.read(file, tokenizer, limits.vocabularySize(), limits.maximumPositions());
  }

  /**
   * A query of typed text.
   *
   * @throws InvalidInputException when it is too long, or there is no tokenizer
   */
  public Query typed(String id, String prompt, String completion) {
    return QueryFile.typed(id, prompt, completion, requireTokenizer(), limits.maximumPositions());
  }

  /**
   * What text is cut with.
   *
   * @throws InvalidInputException when there is none
   */
  public Tokenizer requireTokenizer() {
    return tokenizer.orElseThrow(() ->
        new InvalidInputException(
            path
                + " has no tokenizer.json, so it can only be asked about tokens, in a file of queries"));
  }

  @Override
  public void close() {
    tokenizer.ifPresent(Tokenizer::close);
  }
}
