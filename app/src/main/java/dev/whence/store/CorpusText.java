package dev.whence.store;

import dev.whence.attribution.Query;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import dev.whence.search.Bm25;
import dev.whence.search.SequenceIndex;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A tokenised corpus that can be read as text and searched. Any number of threads may use it. */
public final class CorpusText implements AutoCloseable {
  /** Ranks beyond are not told apart. */
  public static final int LEXICAL_RANKS = 10_000;

  private static final int REMEMBERED_QUERIES = 64;

  private final Corpus corpus;
  private final Optional<Tokenizer> tokenizer;
  private @Nullable SequenceIndex index;
  private final Map<List<Integer>, Map<Long, Integer>> ranks =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Integer>, Map<Long, Integer>> eldest) {
          return size() > REMEMBERED_QUERIES;
        }
      };

  CorpusText(Corpus corpus, Optional<Tokenizer> tokenizer) {
    this.corpus = corpus;
    this.tokenizer = tokenizer;
  }

  public Corpus corpus() {
    return corpus;
  }

  public Optional<Tokenizer> tokenizer() {
    return tokenizer;
  }

  /** A sequence's text, special tokens included; token ids when there is no tokenizer. */
  public String text(long place) {
    int[] tokens = corpus.sequence(place).tokens();
    return tokenizer
        .map(t -> t.decode(tokens))
        .orElseGet(
            () -> Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.joining(" ")));
  }

  /**
   * The sequences of a sequence's document around it, itself included.
   *
   * @param reach how many before and after at most
   */
  public List<Sequence> neighbours(long place, int reach) {
    Sequence own = corpus.sequence(place);
    return IntStream.rangeClosed(-reach, reach)
        .mapToLong(step -> place + step)
        .filter(p -> p >= 0 && p < corpus.size())
        .mapToObj(corpus::sequence)
        .filter(s ->
            s.documentId().equals(own.documentId())
                && s.sequenceIndex() - own.sequenceIndex() == s.index() - place)
        .toList();
  }

  /** Takes over an index of the corpus, with which it can be searched from now on. */
  synchronized void searchWith(SequenceIndex opened) {
    if (index != null) {
      opened.close();
      return;
    }
    index = opened;
  }

  /**
   * The rank of each of the {@value #LEXICAL_RANKS} sequences that match a query best by BM25 as
   * the paper has it, from 1, by place; empty as long as there is no index.
   */
  synchronized Optional<Map<Long, Integer>> lexicalRanks(Query query) {
    SequenceIndex opened = index;
    if (opened == null) {
      return Optional.empty();
    }
    List<Integer> key = Arrays.stream(query.tokens()).boxed().toList();
    return Optional.of(
        ranks.computeIfAbsent(
            key,
            _ -> {
              Map<Long, Integer> found = new HashMap<>();
              for (SequenceIndex.Match match :
                  opened.best(query.tokens(), Bm25.MODIFIED, LEXICAL_RANKS)) {
                found.put(match.place(), found.size() + 1);
              }
              return found;
            }));
  }

  /**
   * Sequences that share most terms with some words, best first; none as long as there is no index.
   */
  public synchronized List<Sequence> search(String words, int count) {
    SequenceIndex opened = index;
    if (opened == null || tokenizer.isEmpty()) {
      return List.of();
    }
    return opened.best(tokenizer.get().encode(words), Bm25.PLAIN, count).stream()
        .map(match -> corpus.sequence(match.place()))
        .toList();
  }

  @Override
  public synchronized void close() {
    if (index != null) {
      index.close();
    }
    corpus.close();
    tokenizer.ifPresent(Tokenizer::close);
  }
}
