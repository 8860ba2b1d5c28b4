package dev.whence.web;

import dev.whence.ask.Job;
import java.util.List;

/**
 * The form for a new question, and the list of earlier questions.
 *
 * @param indexed whether any of the results has an influence index
 * @param problem why the submitted form was refused; empty when it was not
 * @param form the anti-forgery token that every form submits
 */
public record AskPage(
    List<String> names,
    boolean indexed,
    Fields fields,
    String problem,
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

    /**
     * What a new form has.
     *
     * @param indexed whether there is an influence index to ask
     */
    static Fields usual(String results, boolean indexed) {
      return new Fields(results, "", "", "ekfac", "0.1", "0", indexed ? USUAL_RERANK : "0", "50");
    }

    Fields withCompletion(String text) {
      return new Fields(results, prompt, text, curvature, dampingRatio, candidates, rerank, top);
    }
  }

  /** An earlier question and the address of its page. */
  public record Row(Job job, Address address) {}
}
