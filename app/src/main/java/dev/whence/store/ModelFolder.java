package dev.whence.store;

import dev.whence.corpus.EndTokens;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint opened for use: the model, and its tokenizer if the folder has one. */
public record ModelFolder(LanguageModel model, ModelText text) implements AutoCloseable {

  /** Loads a checkpoint, whose documents begin and end as its configuration has it. */
  public static ModelFolder open(Path path, DType type, Device device) {
    return open(path, EndTokens.AUTO, type, device);
  }

  /**
   * Loads a checkpoint.
   *
   * @param endTokens which tokens its documents begin and end with
   */
  public static ModelFolder open(Path path, EndTokens endTokens, DType type, Device device) {
    LanguageModel model = LanguageModel.load(path, type, device);
    try {
      return new ModelFolder(model, ModelText.open(path, endTokens));
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
