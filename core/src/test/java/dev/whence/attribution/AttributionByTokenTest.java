package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.corpus.Query;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.Influence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag(TestDevice.TAG)
class AttributionByTokenTest {
  private static final AttributionSettings BY_TOKEN =
      AttributionSettings.DEFAULT
          .computing(TestDevice::compute)
          .withByToken(true)
          .withAllScores(true);

  @TempDir private Path folder;

  @Test
  void tokensSumToTheWholeForEverySequence() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder results = bench.attribute("results", BY_TOKEN);
      for (Query query : Bench.queries()) {
        Map<String, Double> whole = byDocument(results, query.id(), Optional.empty());
        Map<String, Double> sums = new HashMap<>();
        List<CompletionToken> tokens = results.completionTokens(query.id());
        assertThat(tokens)
            .extracting(CompletionToken::index)
            .containsExactlyElementsOf(query.scoredTokens().boxed().toList());
        for (CompletionToken token : tokens) {
          byDocument(results, query.id(), Optional.of(token.index()))
              .forEach((document, influence) -> sums.merge(document, influence, Double::sum));
        }
        double largest = whole.values().stream().mapToDouble(Math::abs).max().orElseThrow();
        assertThat(whole).hasSizeGreaterThan(15);
        whole.forEach((document, influence) ->
            assertThat(sums.getOrDefault(document, 0.0))
                .as("%s on %s", document, query.id())
                .isCloseTo(influence, within(1e-10 * largest)));
      }
    }
  }

  @Test
  void logProbabilitiesOfTheTokensSumToTheCompletions() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder results = bench.attribute("results", BY_TOKEN);
      for (StoredQuery query : results.queries()) {
        double sum =
            results.completionTokens(query.id()).stream()
                .mapToDouble(CompletionToken::logProbability)
                .sum();
        assertThat(sum).isCloseTo(query.logProbability(), within(1e-9));
      }
    }
  }

  @Test
  void wholeQueriesAreWhatTheyAreWithoutTokens() {
    try (Bench bench = Bench.open(folder)) {
      ResultsFolder with = bench.attribute("with", BY_TOKEN);
      ResultsFolder without = bench.attribute("without", BY_TOKEN.withByToken(false));
      double[] expected = Bench.scores(without, "influence");
      double[] actual = Bench.scores(with, "influence");
      assertThat(actual).hasSameSizeAs(expected);
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(1e-9 * Math.abs(expected[i])));
      }
      for (Query query : Bench.queries()) {
        assertThat(with.raising(query.id(), 5))
            .extracting(Influence::documentId)
            .isEqualTo(without.raising(query.id(), 5).stream().map(Influence::documentId).toList());
      }
      for (StoredQuery query : without.queries()) {
        assertThat(without.completionTokens(query.id()))
            .isEqualTo(with.completionTokens(query.id()))
            .allMatch(t ->
                t.likelier()
                    .map(other -> other.logProbability() >= t.logProbability())
                    .orElse(true));
        assertThat(
                without.completionTokens(query.id()).stream()
                    .mapToDouble(CompletionToken::logProbability)
                    .sum())
            .isCloseTo(query.logProbability(), within(1e-9));
      }
    }
  }

  private static Map<String, Double> byDocument(
      ResultsFolder results, String query, Optional<Integer> token) {
    Map<String, Double> influences = new HashMap<>();
    results.raising(query, token, 100).forEach(i -> influences.put(i.documentId(), i.influence()));
    results.lowering(query, token, 100).forEach(i -> influences.put(i.documentId(), i.influence()));
    return influences;
  }
}
