package dev.whence.model;

import dev.whence.InvalidInputException;
import java.nio.file.Path;

/**
 * What a model can take. It is in the config alone, so that work on tokens need not load weights.
 *
 * @param vocabularySize one more than the highest token id
 * @param maximumPositions the tokens of the longest sequence that the model was made for
 */
public record ModelLimits(int vocabularySize, int maximumPositions) {

  /**
   * Reads the limits of a Hugging Face checkpoint folder.
   *
   * @throws InvalidInputException naming the config file, if it is missing or damaged
   */
  public static ModelLimits of(Path folder) {
    return of(Config.read(folder.resolve(LanguageModel.CONFIG_FILE)));
  }

  static ModelLimits of(Config config) {
    boolean gpt2 = config.text("model_type", "").equals("gpt2");
    return new ModelLimits(
        config.size("vocab_size"),
        config.size(
            "max_position_embeddings",
            config.size("n_positions", gpt2 ? 1024 : Integer.MAX_VALUE)));
  }
}
