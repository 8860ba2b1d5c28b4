package dev.whence.web;

import dev.whence.ask.AttributionAnswerer;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsManifest;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * All results that are open.
 *
 * @param questions the answers to questions that were asked in the browser, the latest first
 */
public record OverviewPage(List<Results> results, List<Row> questions) {
  private static final int QUERIES = 100;

  /** A results folder in words. */
  public record Results(String name, List<Fact> facts, List<Row> queries, int moreQueries) {}

  /** A property of the results and its value. */
  public record Fact(String name, String value) {}

  /** A query and the address of its page. */
  public record Row(StoredQuery query, Address address) {}

  static OverviewPage of(Library library) {
    return new OverviewPage(
        library.all().stream()
            .filter(store -> !AttributionAnswerer.isAnswer(store))
            .map(OverviewPage::results)
            .toList(),
        library.all().reversed().stream()
            .filter(AttributionAnswerer::isAnswer)
            .flatMap(store -> store.queries().stream().map(query -> row(store, query)))
            .toList());
  }

  static Results results(ResultsStore store) {
    List<StoredQuery> queries = store.queries();
    return new Results(
        store.name(),
        facts(store),
        queries.stream().limit(QUERIES).map(query -> row(store, query)).toList(),
        Math.max(0, queries.size() - QUERIES));
  }

  private static Row row(ResultsStore store, StoredQuery query) {
    return new Row(query, QueryPage.View.usual(store, query.id()).address());
  }

  private static List<Fact> facts(ResultsStore store) {
    ResultsManifest m = store.folder().manifest();
    List<Fact> facts = new ArrayList<>();
    facts.add(
        new Fact(
            "Model", m.model().architecture() + ", " + Path.of(m.model().folder()).getFileName()));
    facts.add(
        new Fact(
            "Corpus",
            "%s documents, %s sequences of up to %d tokens"
                .formatted(
                    Show.count(m.corpus().documents()),
                    Show.count(m.corpus().sequences()),
                    m.corpus().sequenceLength())));
    m.candidates()
        .ifPresent(c ->
            facts.add(
                new Fact("Filter", Show.count(c.sequences()) + " sequences were let through")));
    facts.add(
        new Fact(
            "Method",
            m.settings().getOrDefault("curvature", "")
                + ", damping "
                + m.settings()
                    .getOrDefault(
                        "damping",
                        m.settings().getOrDefault("damping-ratio", "") + " of the mean")));
    facts.add(
        new Fact(
            "Layers",
            m.layers().size()
                + ": "
                + m.layers().stream()
                    .map(l -> l.substring(l.lastIndexOf('.') + 1))
                    .distinct()
                    .collect(Collectors.joining(", "))));
    String rank = m.settings().getOrDefault("rank", "0");
    facts.add(new Fact("Rank of queries", rank.equals("0") ? "full" : rank));
    m.rankCheck()
        .ifPresent(c ->
            facts.add(
                new Fact(
                    "Agreement with full rank",
                    "correlation %s, at least %s"
                        .formatted(
                            Show.decimal(c.meanCorrelation()),
                            Show.decimal(c.leastCorrelation())))));
    facts.add(new Fact("Made", m.created() + " by Whence " + m.whenceVersion()));
    return facts;
  }
}
