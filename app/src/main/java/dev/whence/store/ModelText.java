package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.model.LanguageModel;
import dev.whence.model.ModelLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What of a checkpoint decides how text becomes tokens. No weights are loaded. */
public record ModelText(Path path, ModelLimits limits, Optional<Tokenizer> tokenizer)
    implements AutoCloseable {

  /**
   * Reads a checkpoint's config, and its tokenizer if the folder has one.
   *
   * @throws InvalidInputException also when the tokenizer has ids that the model does not know
   */
  public static ModelText open(Path path) {
    ModelLimits limits = ModelLimits.of(path);
    return new ModelText(path, limits, tokenizer(path, limits));
  }

  private static Optional<Tokenizer> tokenizer(Path path, ModelLimits limits) {
    Path file = path.resolve(LanguageModel.TOKENIZER_FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Tokenizer tokenizer = Tokenizer.load(file);
    if (tokenizer.vocabularySize() > limits.vocabularySize()) {
      int size = tokenizer.vocabularySize();
      tokenizer.close();
      throw new InvalidInputException(
          "%s has %d entries, but the model's vocabulary has %d; use the tokenizer that belongs to the model"
              .formatted(file, size, limits.vocabularySize()));
    }
    return Optional.of(tokenizer);
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

  @Override
  public void close() {
    tokenizer.ifPresent(Tokenizer::close);
  }
}
