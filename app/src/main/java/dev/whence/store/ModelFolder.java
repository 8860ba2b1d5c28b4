package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint opened for use: the model, and its tokenizer if the folder has one. */
public record ModelFolder(LanguageModel model, ModelText text) implements AutoCloseable {

  /**
   * Loads a checkpoint.
   *
   * @throws InvalidInputException also when the tokenizer has ids that the model does not know
   */
  public static ModelFolder open(Path path, DType type, Device device) {
    LanguageModel model = LanguageModel.load(path, type, device);
    try {
      return new ModelFolder(model, ModelText.open(path));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  public Path path() {
    return text.path();
  }

  public Optional<Tokenizer> tokenizer() {
    return text.tokenizer();
  }

  /** How documents become this model's sequences. */
  public Tokenization tokenization(int sequenceLength) {
    return text.tokenization(sequenceLength);
  }

  @Override
  public void close() {
    text.close();
    model.close();
  }
}
