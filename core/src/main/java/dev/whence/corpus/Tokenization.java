package dev.whence.corpus;

import dev.whence.InvalidInputException;
import java.util.Optional;

/**
 * How documents become sequences.
 *
 * @param tokenizer what encodes text; a corpus of {@code tokens} documents needs none
 * @param sequenceLength the most tokens in a sequence, at least 2
 * @param vocabularySize the model's: a token id of this or above is malformed
 */
public record Tokenization(Optional<Tokenizer> tokenizer, int sequenceLength, int vocabularySize) {
  public Tokenization {
    if (sequenceLength < 2) {
      throw new InvalidInputException(
          "The sequence length must be at least 2 tokens, not " + sequenceLength);
    }
    if (vocabularySize < 1) {
      throw new IllegalArgumentException("A vocabulary of " + vocabularySize + " tokens");
    }
  }
}
