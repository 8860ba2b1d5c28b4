package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint opened for use: the model, and its tokenizer if the folder has one. */
record ModelFolder(Path path, LanguageModel model, Optional<Tokenizer> tokenizer)
    implements AutoCloseable {

  /**
   * Loads a checkpoint.
   *
   * @throws InvalidInputException also when the tokenizer has ids that the model does not know
   */
  static ModelFolder open(Path path, DType type, Device device) {
    LanguageModel model = LanguageModel.load(path, type, device);
    try {
      return new ModelFolder(path, model, tokenizer(path, model));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static Optional<Tokenizer> tokenizer(Path path, LanguageModel model) {
    Path file = path.resolve(LanguageModel.TOKENIZER_FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Tokenizer tokenizer = Tokenizer.load(file);
    if (tokenizer.vocabularySize() > model.vocabularySize()) {
      int size = tokenizer.vocabularySize();
      tokenizer.close();
      throw new InvalidInputException(
          "%s has %d entries, but the model's vocabulary has %d; use the tokenizer that belongs to the model"
              .formatted(file, size, model.vocabularySize()));
    }
    return Optional.of(tokenizer);
  }

  /** How documents become this model's sequences. */
  Tokenization tokenization(int sequenceLength) {
    if (sequenceLength > model.maximumPositions()) {
      throw new InvalidInputException(
          "--sequence-length is %d, but the model takes at most %d tokens"
              .formatted(sequenceLength, model.maximumPositions()));
    }
    return new Tokenization(tokenizer, sequenceLength, model.vocabularySize());
  }

  @Override
  public void close() {
    tokenizer.ifPresent(Tokenizer::close);
    model.close();
  }
}
