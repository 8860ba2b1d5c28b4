package dev.whence.lab.training;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Batches;
import dev.whence.corpus.Corpus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * Which sequences are held out, and in which batches and order the others are trained on. A
 * function of the seed alone.
 */
final class TrainingOrder {
  /**
   * Sequences are packed by length within windows of this many batches, so that there is little
   * padding and the order stays random.
   */
  private static final int WINDOW_BATCHES = 50;

  private final Corpus corpus;
  private final int batchTokens;
  private final long seed;
  private final long[] training;
  private final long[] heldOut;

  TrainingOrder(Corpus corpus, int batchTokens, double heldOutShare, long seed) {
    this.corpus = corpus;
    this.batchTokens = batchTokens;
    this.seed = seed;
    // A sequence of one token has nothing to predict.
    long[] all = LongStream.range(0, corpus.size()).filter(i -> corpus.length(i) > 1).toArray();
    if (all.length < 2) {
      throw new InvalidInputException(
          "the corpus has fewer than two sequences of two tokens; there is nothing to train on");
    }
    Permutation.shuffle(all, new Random(seed));
    int held = (int) Math.round(all.length * heldOutShare);
    this.heldOut = Arrays.copyOfRange(all, 0, held);
    this.training = Arrays.copyOfRange(all, held, all.length);
  }

  /** How many sequences are trained on. */
  long count() {
    return training.length;
  }

  /** The batches of an epoch, as indexes of sequences. */
  List<long[]> epoch(int epoch) {
    Random random = new Random(seed * 1_000_003 + epoch);
    long[] order = training.clone();
    Permutation.shuffle(order, random);
    double mean = Math.max(1, (double) corpus.totalPositions() / corpus.size());
    int window = (int) Math.max(1, WINDOW_BATCHES * batchTokens / mean);
    List<long[]> batches = new ArrayList<>();
    for (int from = 0; from < order.length; from += window) {
      List<long[]> packed = pack(order, from, Math.min(order.length, from + window));
      Collections.shuffle(packed, random);
      batches.addAll(packed);
    }
    return batches;
  }

  /** The held-out sequences in batches, always the same. */
  List<long[]> heldOut() {
    return pack(heldOut, 0, heldOut.length);
  }

  private List<long[]> pack(long[] order, int from, int to) {
    List<long[]> batches = new ArrayList<>();
    for (long[] places :
        Batches.of(place -> corpus.length(order[(int) place]), from, to, batchTokens)) {
      batches.add(Arrays.stream(places).map(place -> order[(int) place]).toArray());
    }
    return batches;
  }
}
