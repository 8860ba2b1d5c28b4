package dev.whence.cli;

import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.Influence;
import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.web.Show;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Prints a query's answer for people.
 *
 * @param trainingSequences by which the effect of one more copy is told, where that is known
 */
record ResultsPrinter(PrintStream out, Shading shading, Optional<Long> trainingSequences) {

  /** Prints the strongest sequences of both signs. */
  void print(ResultsFolder results, StoredQuery query, int raising, int lowering) {
    out.printf(
        Locale.ROOT,
        "%n%s: %s │%s   (log p = %.2f nats)%n",
        Shading.printable(query.id()),
        Shading.printable(query.prompt()),
        Shading.printable(query.completion()),
        query.logProbability());
    list(results, "raised most by", results.raising(query.id(), raising));
    if (lowering > 0) {
      list(results, "lowered most by", results.lowering(query.id(), lowering));
    }
  }

  /** Prints the strongest sequences of both signs for each token of a completion. */
  void printByToken(ResultsFolder results, StoredQuery query, int count) {
    out.printf(
        "%n%s: %s │%s%n",
        Shading.printable(query.id()),
        Shading.printable(query.prompt()),
        Shading.printable(query.completion()));
    for (CompletionToken token : results.completionTokens(query.id())) {
      Optional<Integer> index = Optional.of(token.index());
      String shown = Shading.printable(token.token());
      out.printf(
          Locale.ROOT,
          "  %d \"%s\" (log p = %.2f)%n",
          token.index(),
          shown,
          token.logProbability());
      list(results, "  raised most by", results.raising(query.id(), index, count));
      list(results, "  lowered most by", results.lowering(query.id(), index, count));
    }
  }

  private void list(ResultsFolder results, String title, List<Influence> influences) {
    if (influences.isEmpty()) {
      return;
    }
    out.println(
        "  "
            + title
            + (trainingSequences.isPresent()
                ? ": change by one more copy, influence; nats"
                : ": influence, nats"));
    for (Influence influence : influences) {
      out.printf(
          Locale.ROOT,
          "  %4d  %s%s%s  %s  %s%n",
          influence.rank(),
          trainingSequences
              .map(n -> "%9s".formatted(Show.perCopy(influence.influence() / n)))
              .orElse(""),
          "%13s".formatted(Show.influence(influence.influence())),
          influence.spiky() ? " spiky" : "",
          Listing.place(influence.documentId(), influence.sequenceIndex(), influence.tokenOffset()),
          shading.show(
              results.tokens(influence.queryId(), influence.completionToken(), influence.rank())));
    }
  }

  /** Prints each block's share of the top sequences' influence. */
  void printLayerShares(ResultsFolder results, StoredQuery query) {
    List<LayerInfluence> layers = results.layerShares(query.id());
    double total = layers.stream().mapToDouble(LayerInfluence::influence).sum();
    if (total > 0) {
      out.println(
          "  layers: "
              + layers.stream()
                  .map(l ->
                      String.format(
                          Locale.ROOT,
                          "%s %.0f%%",
                          shortName(l.layer()),
                          100 * l.influence() / total))
                  .collect(Collectors.joining(", ")));
    }
  }

  /** {@code model.layers.2.mlp.up_proj} as {@code 2.up_proj}. */
  private static String shortName(String layer) {
    String[] parts = layer.split("\\.");
    String block = "";
    for (String part : parts) {
      if (part.matches("\\d+")) {
        block = part + ".";
      }
    }
    return block + parts[parts.length - 1];
  }
}
