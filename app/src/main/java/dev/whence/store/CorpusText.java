package dev.whence.store;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import dev.whence.influence.Candidates;
import dev.whence.search.Bm25;
import dev.whence.search.Filter;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A tokenised corpus that can be read as text and searched. Any number of threads may use it. */
public final class CorpusText implements AutoCloseable {
  /** How many of the best matches by BM25 get a rank. */
  public static final int LEXICAL_RANKS = 10_000;

  private static final int REMEMBERED_QUERIES = 64;
  private static final long DOCUMENTS_LOOKED_AT = 1_000_000;

  private final Corpus corpus;
  private final Optional<Tokenizer> tokenizer;
  private volatile @Nullable SequenceIndex index; // searched under this object's lock
  private final Object building = new Object();
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

  /** A sequence that is not in the tables of results: its rank and influence are 0. */
  TopSequence unranked(long place) {
    Sequence sequence = corpus.sequence(place);
    return new TopSequence(
        0,
        sequence.documentId(),
        sequence.sequenceIndex(),
        sequence.tokenOffset(),
        0,
        0,
        false,
        text(place),
        place,
        false);
  }

  /**
   * The sequences next to a sequence in its document, itself included.
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

  /** Makes or opens the index of the corpus, with which it can be searched from then on. */
  void index(Path cache, Progress progress) {
    synchronized (building) { // not this object's lock, so that reading goes on
      if (index == null) {
        index = SequenceIndex.cached(corpus, TermKind.TOKENS, tokenizer, cache, progress);
      }
    }
  }

  /** The sequences that share most terms with a query; the index must be there. */
  synchronized Candidates candidates(Query query, int count, Progress progress) {
    return new Filter(count, Bm25.MODIFIED)
        .candidates(Objects.requireNonNull(index), List.of(query), progress);
  }

  /**
   * The ranks, from 1, of the {@value #LEXICAL_RANKS} sequences that match a query best by the
   * paper's BM25, by their place in the corpus; empty as long as there is no index.
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
              Map<Long, Integer> rankOfPlace = new HashMap<>();
              for (SequenceIndex.Match match :
                  opened.best(query.tokens(), Bm25.MODIFIED, LEXICAL_RANKS)) {
                rankOfPlace.put(match.place(), rankOfPlace.size() + 1);
              }
              return rankOfPlace;
            }));
  }

  /**
   * Sequences that share most terms with the given words, best first; empty as long as there is no
   * index.
   */
  public synchronized List<Sequence> search(String words, int count) {
    SequenceIndex opened = index;
    return opened == null || tokenizer.isEmpty()
        ? List.of()
        : opened.best(terms(tokenizer.get(), words), Bm25.PLAIN, count).stream()
            .map(match -> corpus.sequence(match.place()))
            .toList();
  }

  /**
   * The tokens of words at the start of a text and after a space, without special and blank ones.
   */
  private static int[] terms(Tokenizer tokenizer, String words) {
    return Stream.of(words, " " + words)
        .flatMapToInt(text -> Arrays.stream(tokenizer.encode(text)))
        .filter(token -> !tokenizer.plainText(new int[] {token}).isBlank())
        .toArray();
  }

  /**
   * The first sequences of documents whose ids contain the words, from the beginning of the corpus.
   */
  public List<Sequence> documents(String words, int count) {
    String wanted = words.toLowerCase(Locale.ROOT);
    return LongStream.range(0, Math.min(corpus.size(), DOCUMENTS_LOOKED_AT))
        .mapToObj(corpus::sequence)
        .filter(
            s -> s.sequenceIndex() == 0 && s.documentId().toLowerCase(Locale.ROOT).contains(wanted))
        .limit(count)
        .toList();
  }

  @Override
  public synchronized void close() {
    SequenceIndex opened = index;
    if (opened != null) {
      opened.close();
    }
    corpus.close();
    tokenizer.ifPresent(Tokenizer::close);
  }
}
