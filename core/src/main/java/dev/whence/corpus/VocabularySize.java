package dev.whence.corpus;

import tools.jackson.databind.JsonNode;

/** How many token ids a {@code tokenizer.json} can produce. */
final class VocabularySize {
  private VocabularySize() {}

  /**
   * One more than the highest id of the model's vocabulary and the added tokens.
   *
   * @throws IllegalArgumentException if there is no vocabulary
   */
  static int in(JsonNode root) {
    JsonNode vocabulary = root.path("model").path("vocab");
    if (!vocabulary.isObject() && !vocabulary.isArray()) {
      throw new IllegalArgumentException("it has no model.vocab");
    }
    // BPE, WordPiece and WordLevel map each token to its id; Unigram lists tokens in the order of
    // their ids.
    int highest = vocabulary.isArray() ? vocabulary.size() - 1 : -1;
    if (vocabulary.isObject()) {
      for (JsonNode id : vocabulary) {
        highest = Math.max(highest, id.asInt());
      }
    }
    for (JsonNode added : root.path("added_tokens")) {
      highest = Math.max(highest, added.path("id").asInt());
    }
    return highest + 1;
  }
}
