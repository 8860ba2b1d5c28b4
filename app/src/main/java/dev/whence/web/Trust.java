package dev.whence.web;

import dev.whence.index.Recall;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.results.ResultsManifest;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import dev.whence.store.TopSequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How far an answer's ranking is to be trusted, in short remarks. */
public record Trust(List<Remark> remarks) {
  /** So many of the strongest are looked at. */
  private static final int TOP = 20;

  /**
   * A remark.
   *
   * @param name what it is about
   * @param text in a few words
   * @param warns whether the ranking is to be read with care because of it
   */
  public record Remark(String name, String text, boolean warns) {}

  /**
   * Looks at the strongest sequences that raise a query.
   *
   * @param strongest the first of them
   * @param tokens their tokens, by rank
   * @param whole whether they are ranked by all layers, and none is hidden
   */
  static Trust of(
      Library library,
      ResultsStore store,
      StoredQuery query,
      List<TopSequence> strongest,
      Map<Integer, List<TokenInfluence>> tokens,
      boolean whole) {
    List<TopSequence> top = strongest.stream().limit(TOP).toList();
    List<Remark> remarks = new ArrayList<>();
    remarks.add(said(query, store.completionTokens(query.id())));
    remarks.add(scored(library, store));
    long spiky = top.stream().filter(TopSequence::spiky).count();
    if (!top.isEmpty() && whole) {
      remarks.add(
          new Remark(
              "Spiky",
              spiky == 0
                  ? "none of the top " + top.size()
                  : "%d of the top %d: one or two tokens carry nearly all"
                      .formatted(spiky, top.size()),
              spiky > top.size() / 2));
    }
    mostlyOneToken(top, tokens).ifPresent(remarks::add);
    return new Trust(remarks);
  }

  /** How likely the answer was, and where it was least expected. */
  private static Remark said(StoredQuery query, List<CompletionToken> completion) {
    String whole = "log p %s nats".formatted(Show.influence(query.logProbability()));
    Optional<CompletionToken> least =
        completion.stream().min(Comparator.comparingDouble(CompletionToken::logProbability));
    return new Remark(
        "Said",
        least
            .filter(t -> completion.size() > 1)
            .map(t ->
                "%s over %d tokens; least expected “%s”, %s%s"
                    .formatted(
                        whole,
                        completion.size(),
                        Show.token(t.token()),
                        Show.percent(Math.exp(t.logProbability())),
                        t.likelier()
                            .map(other ->
                                ", rather “%s”, %s"
                                    .formatted(
                                        Show.token(other.token()),
                                        Show.percent(Math.exp(other.logProbability()))))
                            .orElse("")))
            .orElse(whole),
        false);
  }

  /** What was scored, of how much. */
  private static Remark scored(Library library, ResultsStore store) {
    ResultsManifest manifest = store.folder().manifest();
    String all = Show.count(manifest.corpus().sequences());
    String rank = manifest.setting("rank");
    String how = rank.isEmpty() || rank.equals("0") ? "exactly" : "by queries of rank " + rank;
    if (manifest.candidates().isEmpty()) {
      return new Remark("Scored", "all %s sequences, %s".formatted(all, how), false);
    }
    String some = Show.count(manifest.candidates().get().sequences());
    String rerank = manifest.settings().get("rerank");
    if (rerank == null) {
      return new Remark(
          "Scored",
          "%s of %s sequences, those that share most words; others were not looked at"
              .formatted(some, all),
          true);
    }
    String found =
        library
            .recall(store)
            .flatMap(recall -> level(recall, Long.parseLong(rerank)))
            .map(level ->
                "; the index finds %s of the ten strongest (as measured when it was built)"
                    .formatted(Show.percent(level.top10())))
            .orElse("");
    return new Remark(
        "Scored", "the index's best %s of %s, %s%s".formatted(some, all, how, found), false);
  }

  /** What was measured for at most so many. */
  private static Optional<Recall.Level> level(Recall recall, long reranked) {
    return recall.levels().stream()
        .filter(level -> level.reranked() <= reranked)
        .max(Comparator.comparingInt(Recall.Level::reranked));
  }

  /** Whether most of the strongest hang on the same fragment. */
  private static Optional<Remark> mostlyOneToken(
      List<TopSequence> top, Map<Integer, List<TokenInfluence>> tokens) {
    Map<String, Integer> counts = new HashMap<>();
    for (TopSequence sequence : top) {
      tokens.getOrDefault(sequence.rank(), List.of()).stream()
          .filter(t -> !t.isSpecial())
          .max(Comparator.comparingDouble(TokenInfluence::influence))
          .ifPresent(
              t -> counts.merge(Show.token(t.token()).toLowerCase(Locale.ROOT), 1, Integer::sum));
    }
    return counts.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .filter(most -> top.size() >= 4 && most.getValue() * 2 >= top.size())
        .map(most ->
            new Remark(
                "Mostly one token",
                "“%s” is the strongest token in %d of the top %d"
                    .formatted(most.getKey(), most.getValue(), top.size()),
                true));
  }
}
