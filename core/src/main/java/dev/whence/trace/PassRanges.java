package dev.whence.trace;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * How a pass over a corpus is cut: into chunks of consecutive sequences, after each of which it can
 * be taken up again, and those into at most {@value #MOST} ranges, which can be summed up apart and
 * merged. Both follow from the lengths of the sequences and the asked batch size alone, never from
 * memory or threads, so that sums are the same wherever and in however many pieces they are made.
 *
 * @param chunkEnds the place after each chunk, in the selection
 * @param chunksPerRange of all ranges but the last, which may have fewer
 */
public record PassRanges(long[] chunkEnds, int chunksPerRange) {
  /** So many ranges at most. */
  public static final int MOST = 256;

  /** Enough batches a chunk that those of one length find each other. */
  public static final int BATCHES_PER_CHUNK = 16;

  /**
   * Consecutive places of a selection.
   *
   * @param from the first
   * @param to the one after the last
   */
  public record Range(long from, long to) {}

  /**
   * Cuts a selection of a corpus.
   *
   * @param batchTokens as they were asked for
   */
  public static PassRanges of(Corpus corpus, Selection selection, int batchTokens) {
    long budget = (long) BATCHES_PER_CHUNK * batchTokens;
    LongStream.Builder ends = LongStream.builder();
    long tokens = 0;
    for (long place = 0; place < selection.count(); place++) {
      tokens += corpus.length(selection.at(place));
      if (tokens >= budget || place == selection.count() - 1) {
        ends.add(place + 1);
        tokens = 0;
      }
    }
    long[] all = ends.build().toArray();
    return new PassRanges(all, Math.max(1, Math.ceilDiv(all.length, MOST)));
  }

  /** Whether ranges have more than one chunk. */
  public boolean severalChunks() {
    return chunksPerRange > 1;
  }

  /** How many ranges there are. */
  public int count() {
    return Math.ceilDiv(chunkEnds.length, chunksPerRange);
  }

  /** The places of a range. */
  public Range range(int index) {
    int first = index * chunksPerRange;
    int last = Math.min(first + chunksPerRange, chunkEnds.length) - 1;
    return new Range(first == 0 ? 0 : chunkEnds[first - 1], chunkEnds[last]);
  }

  /** Which range begins at a place, or is being gone through there. */
  public int rangeAt(long place) {
    int chunk = place == 0 ? 0 : Arrays.binarySearch(chunkEnds, place) + 1;
    return chunk / chunksPerRange;
  }

  /** The end of the chunk that begins at a place. */
  long chunkEnd(long from) {
    int at = Arrays.binarySearch(chunkEnds, from);
    return chunkEnds[at >= 0 ? at + 1 : -at - 1];
  }

  /** Whether a chunk that ends at a place is the last of its range. */
  public boolean endsRange(long end) {
    int chunk = Arrays.binarySearch(chunkEnds, end);
    return (chunk + 1) % chunksPerRange == 0 || chunk == chunkEnds.length - 1;
  }
}
