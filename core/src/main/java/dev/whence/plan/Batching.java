package dev.whence.plan;

import dev.whence.corpus.Batches;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.tensor.Device;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.PassRanges;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The batches of a pass: how many there are of which size.
 *
 * @param chunks of the corpus, after each of which a pass can be resumed
 */
public record Batching(List<Group> groups, double chunks) {
  static final Batching NONE = new Batching(List.of(), 0);

  /**
   * Batches of one size.
   *
   * @param positions of each sequence, padding included
   * @param sequences of each batch
   */
  public record Group(int positions, int sequences, double batches) {
    double allSequences() {
      return sequences * batches;
    }
  }

  /**
   * The batches in which a pass takes a selection of a corpus.
   *
   * @param chunkTokens the batch size of the settings, from which chunks follow
   * @param batchTokens the batch size that memory allows
   */
  static Batching of(Corpus corpus, Selection selection, int chunkTokens, int batchTokens) {
    List<int[]> sizes = new ArrayList<>();
    PassRanges ranges = PassRanges.of(corpus, selection, chunkTokens);
    new CorpusPass(corpus, selection, ranges, batchTokens, Device.CPU)
        .chunks(
            0,
            chunk -> {
              for (long[] places : chunk.batches()) { // the longest comes first
                sizes.add(new int[] {corpus.length(selection.at(places[0])), places.length});
              }
            },
            _ -> {});
    return of(sizes, ranges.chunkEnds().length);
  }

  /** The batches of queries of these lengths. */
  static Batching of(List<Integer> lengths, int batchTokens) {
    return of(
        Batches.of(q -> lengths.get((int) q), 0, lengths.size(), batchTokens).stream()
            .map(places -> new int[] {lengths.get((int) places[0]), places.length})
            .toList(),
        1);
  }

  /** Sequences that are all of one length; the last batch is as full as the others. */
  static Batching uniform(double sequences, int length, int chunkTokens, int batchTokens) {
    int each = Math.max(1, batchTokens / Math.max(1, length - 1));
    int full = (int) Math.max(1, Math.min(each, sequences));
    double chunk = Math.ceil((double) PassRanges.BATCHES_PER_CHUNK * chunkTokens / length);
    return new Batching(
        List.of(new Group(Math.max(1, length - 1), full, sequences / full)),
        Math.ceil(sequences / chunk));
  }

  private static Batching of(List<int[]> lengthsAndCounts, long chunks) {
    Map<Integer, Map<Integer, Integer>> seen = new TreeMap<>();
    for (int[] batch : lengthsAndCounts) {
      seen.computeIfAbsent(Math.max(1, batch[0] - 1), _ -> new TreeMap<>())
          .merge(batch[1], 1, Integer::sum);
    }
    List<Group> groups = new ArrayList<>();
    seen.forEach((positions, counts) ->
        counts.forEach((count, batches) -> groups.add(new Group(positions, count, batches))));
    return new Batching(groups, chunks);
  }

  public double sequences() {
    return groups.stream().mapToDouble(Group::allSequences).sum();
  }

  /** Positions of all sequences, padding included. */
  public double positions() {
    return groups.stream().mapToDouble(g -> g.positions * g.allSequences()).sum();
  }

  /** Positions of a sequence, averaged over all positions, so that long sequences weigh more. */
  int typicalPositions() {
    double sum = groups.stream().mapToDouble(g -> g.allSequences() * g.positions).sum();
    double squares =
        groups.stream().mapToDouble(g -> g.allSequences() * g.positions * g.positions).sum();
    return sum == 0 ? 1 : (int) Math.round(squares / sum);
  }

  /** The cost of all batches, given the cost of one batch of each size. */
  Cost cost(Function<Group, Cost> ofOneBatch) {
    return Cost.sum(groups.stream().map(g -> ofOneBatch.apply(g).times(g.batches)).toList());
  }
}
