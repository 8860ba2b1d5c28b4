package dev.whence.web;

import dev.whence.ask.Job;
import java.util.List;

/**
 * The form in which a question is asked, and what was asked before.
 *
 * @param problem why the last try was refused; empty when it was not
 * @param form the secret that every form brings along
 */
public record AskPage(
    List<String> names, Fields fields, String problem, List<Row> jobs, String form) {
  /** What stands in the form. */
  public record Fields(
      String results,
      String prompt,
      String completion,
      String curvature,
      String dampingRatio,
      String candidates,
      String top) {
    static Fields usual(String results) {
      return new Fields(results, "", "", "ekfac", "0.1", "0", "50");
    }

    Fields withCompletion(String text) {
      return new Fields(results, prompt, text, curvature, dampingRatio, candidates, top);
    }
  }

  /** A question that was asked. */
  public record Row(Job job, Address address) {}
}
