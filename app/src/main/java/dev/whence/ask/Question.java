package dev.whence.ask;

import dev.whence.InvalidInputException;
import dev.whence.curvature.CurvatureKind;

/**
 * A query and the settings of the attribution that answers it.
 *
 * @param results the name of the open results whose run and corpus are used
 * @param origin the run and corpus of those results: their name alone may later mean another folder
 * @param candidates score only so many sequences that share most terms with the question; 0 for all
 * @param rerank how many of the influence index's best estimates of each sign are computed exactly;
 *     0 for a scan without it
 * @param top how many sequences of each sign are stored
 */
public record Question(
    String results,
    String origin,
    String prompt,
    String completion,
    CurvatureKind curvature,
    double dampingRatio,
    int candidates,
    int rerank,
    int top) {
  /** The most characters of a prompt, and of a completion. */
  public static final int LONGEST = 20_000;

  private static final int MOST_TOP = 500;
  private static final int MOST_RERANKED = 100_000;

  /** Whether the completion goes on in the middle of the prompt's last word. */
  public boolean isGlued() {
    return !prompt.isEmpty()
        && endsOrBeginsWord(prompt.codePointBefore(prompt.length()))
        && endsOrBeginsWord(completion.codePointAt(0));
  }

  /** Whether words of a letter's script stand apart: Chinese, Japanese and Thai ones do not. */
  private static boolean endsOrBeginsWord(int letter) {
    return Character.isLetterOrDigit(letter)
        && switch (Character.UnicodeScript.of(letter)) {
          case HAN, HIRAGANA, KATAKANA, THAI, LAO, KHMER, MYANMAR -> false;
          default -> true;
        };
  }

  /**
   * Checks what came from a form.
   *
   * @throws InvalidInputException in words for the person who asked
   */
  public Question {
    if (completion.isEmpty()) {
      throw new InvalidInputException(
          "The completion is empty; type one, or let the model write it");
    }
    if (prompt.length() > LONGEST || completion.length() > LONGEST) {
      throw new InvalidInputException(
          "Prompt and completion may have %,d characters each".formatted(LONGEST));
    }
    if (rerank < 0 || rerank > MOST_RERANKED) {
      throw new InvalidInputException(
          "Give 0 to %,d of the index's best to compute".formatted(MOST_RERANKED));
    }
    if (rerank > 0 && candidates > 0) {
      throw new InvalidInputException(
          "Candidates are chosen by their terms or by the index; set one of the two to 0");
    }
    if (candidates < 0 || top < 1 || top > MOST_TOP) {
      throw new InvalidInputException(
          "Give at least 0 candidates, and 1 to %d sequences to keep".formatted(MOST_TOP));
    }
    if (!(dampingRatio > 0) || Double.isInfinite(dampingRatio)) {
      throw new InvalidInputException("The damping ratio must be a positive number");
    }
  }
}
