package dev.whence.corpus;

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

  /** The first token whose prediction counts. */
  public int firstScored() {
    return Math.max(1, promptTokens.length);
  }
}
