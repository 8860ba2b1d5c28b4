package dev.whence.corpus;

import dev.whence.InvalidInputException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A question: what made the model say {@code completion} after {@code prompt}? The measurement is
 * {@code log p(completion given prompt)} in nats.
 *
 * @param promptTokens context, not scored; may be empty, and then the completion's first token is
 *     context
 * @param completionTokens scored
 * @param prompt as text, for people
 * @param completion as text, for people
 */
public record Query(
    String id, int[] promptTokens, int[] completionTokens, String prompt, String completion) {

  /** Prompt and completion as one sequence. */
  public int[] tokens() {
    int[] tokens = new int[promptTokens.length + completionTokens.length];
    System.arraycopy(promptTokens, 0, tokens, 0, promptTokens.length);
    System.arraycopy(completionTokens, 0, tokens, promptTokens.length, completionTokens.length);
    return tokens;
  }

  /**
   * Looks whether a model knows all tokens: its tokenizer may know more.
   *
   * @throws InvalidInputException naming the query and the token
   */
  public void requireWithin(int vocabularySize) {
    for (int token : tokens()) {
      if (token < 0 || token >= vocabularySize) {
        throw new InvalidInputException(
            "the query '%s' has the token %d, outside the vocabulary of %d"
                .formatted(id, token, vocabularySize));
      }
    }
  }

  /** The first token whose prediction counts. */
  public int firstScored() {
    return Math.max(1, promptTokens.length);
  }

  /**
   * The completion's tokens whose prediction counts, counted from 0: all, except the first where
   * there is nothing before it.
   */
  public IntStream scoredTokens() {
    return IntStream.range(firstScored() - promptTokens.length, completionTokens.length);
  }

  /**
   * The prediction of one of the completion's tokens as a query of its own. Those of all {@link
   * #scoredTokens} sum to this one.
   */
  public Query ofToken(int completionToken) {
    return ofTokens(completionToken, completionToken);
  }

  /**
   * The prediction of some of the completion's tokens in a row as a query of its own.
   *
   * @param last at least {@code first}
   */
  public Query ofTokens(int first, int last) {
    int[] all = tokens();
    int from = promptTokens.length + first;
    int to = promptTokens.length + last + 1;
    return new Query(
        id, Arrays.copyOf(all, from), Arrays.copyOfRange(all, from, to), prompt + completion, "");
  }
}
