package dev.whence.web;

import dev.whence.ask.Job;
import dev.whence.ask.Question;
import java.util.List;

/**
 * The form for a new question, and the list of earlier questions.
 *
 * @param indexed whether any of the results has an influence index
 * @param kinds the curvatures that can be asked for
 * @param problem why the submitted form was refused; empty when it was not
 * @param glued whether the completion goes on in the prompt's last word, which is asked back
 * @param form the anti-forgery token that every form submits
 */
public record AskPage(
    List<String> names,
    boolean indexed,
    List<String> kinds,
    Fields fields,
    String problem,
    boolean glued,
    List<Row> jobs,
    String form) {
  /** The values of the form's fields. */
  public record Fields(
      String results,
      String prompt,
      String completion,
      String curvature,
      String dampingRatio,
      String candidates,
      String rerank,
      String top) {
    /** How many sequences of each sign are computed in about the time that one waits for a page. */
    private static final String USUAL_RERANK = "200";

    /** Without an index: how many sequences of most shared words are scored at first. */
    private static final String USUAL_CANDIDATES = "1000";

    /**
     * What a new form has.
     *
     * @param indexed whether there is an influence index to ask
     */
    static Fields usual(String results, boolean indexed) {
      return new Fields(
          results,
          "",
          "",
          "ekfac",
          "0.1",
          indexed ? "0" : USUAL_CANDIDATES,
          indexed ? USUAL_RERANK : "0",
          "50");
    }

    /** What was asked before, to be edited. */
    static Fields of(Question question) {
      return new Fields(
          question.results(),
          question.prompt(),
          question.completion(),
          question.curvature().toString(),
          "" + question.dampingRatio(),
          "" + question.candidates(),
          "" + question.rerank(),
          "" + question.top());
    }

    Fields ofAllSequences() {
      return new Fields(results, prompt, completion, curvature, dampingRatio, "0", "0", top);
    }

    Fields withCompletion(String text) {
      return new Fields(results, prompt, text, curvature, dampingRatio, candidates, rerank, top);
    }
  }

  /** An earlier question and the address of its page. */
  public record Row(Job job, Address address) {}
}
