package dev.whence.search;

import dev.whence.corpus.Corpus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** BM25 as the formula says it, by loops over every sequence and term. */
final class LoopBm25<T> {
  private final List<List<T>> sequences;

  LoopBm25(List<List<T>> sequences) {
    this.sequences = sequences;
  }

  static LoopBm25<Integer> of(Corpus corpus) {
    List<List<Integer>> sequences = new ArrayList<>();
    for (long place = 0; place < corpus.size(); place++) {
      sequences.add(boxed(corpus.sequence(place).tokens()));
    }
    return new LoopBm25<>(sequences);
  }

  static List<Integer> boxed(int[] tokens) {
    return java.util.Arrays.stream(tokens).boxed().toList();
  }

  /** The score of one sequence. */
  double score(List<T> query, int place, double k1, double b) {
    List<T> sequence = sequences.get(place);
    double meanLength = sequences.stream().mapToInt(List::size).sum() / (double) sequences.size();
    double score = 0;
    for (T term : query) {
      long having = sequences.stream().filter(s -> s.contains(term)).count();
      double idf = Math.log((sequences.size() - having + 0.5) / (having + 0.5) + 1);
      double f = sequence.stream().filter(term::equals).count();
      score += idf * (k1 + 1) * f / (k1 * (1 - b + b * sequence.size() / meanLength) + f);
    }
    return score;
  }

  /** All that score above 0, best first, among equals the earlier first. */
  List<SequenceIndex.Match> best(List<T> query, double k1, double b) {
    List<SequenceIndex.Match> matches = new ArrayList<>();
    for (int place = 0; place < sequences.size(); place++) {
      matches.add(new SequenceIndex.Match(place, (float) score(query, place, k1, b)));
    }
    return matches.stream()
        .filter(m -> m.score() > 0)
        .sorted(
            Comparator.comparingDouble((SequenceIndex.Match m) -> -m.score())
                .thenComparingLong(SequenceIndex.Match::place))
        .toList();
  }
}
