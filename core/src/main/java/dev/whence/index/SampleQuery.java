package dev.whence.index;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * A query made of a sequence: its second half, given the first. The answer is known to be in its
 * own document, which does not count.
 *
 * @param first the place of its document's first sequence
 * @param end the place after its document's last
 */
public record SampleQuery(Query query, long first, long end) {
  /** Sequences with fewer tokens make poor questions. */
  private static final int FEWEST_TOKENS = 8;

  /**
   * Draws queries from a corpus, of different documents.
   *
   * @param count how many at most; fewer where the corpus has fewer sequences of some length
   */
  public static List<SampleQuery> draw(Corpus corpus, int count, long seed) {
    Random random = new Random(seed);
    List<SampleQuery> queries = new ArrayList<>();
    Set<Long> taken = new HashSet<>();
    for (long tries = 20L * count; tries > 0 && queries.size() < count; tries--) {
      long place = random.nextLong(corpus.size());
      if (corpus.length(place) >= FEWEST_TOKENS) {
        SampleQuery drawn = of(corpus, corpus.sequence(place));
        if (taken.add(drawn.first)) {
          queries.add(drawn);
        }
      }
    }
    return queries;
  }

  private static SampleQuery of(Corpus corpus, Sequence sequence) {
    int[] tokens = sequence.tokens();
    int half = tokens.length / 2;
    long first = sequence.index() - sequence.sequenceIndex();
    long end = sequence.index() + 1;
    while (end < corpus.size() && corpus.sequence(end).sequenceIndex() > 0) {
      end++;
    }
    return new SampleQuery(
        new Query(
            "sequence-" + sequence.index(),
            Arrays.copyOf(tokens, half),
            Arrays.copyOfRange(tokens, half, tokens.length),
            "",
            ""),
        first,
        end);
  }

  /** Whether a sequence is of the query's own document. */
  public boolean isOwn(long place) {
    return place >= first && place < end;
  }
}
