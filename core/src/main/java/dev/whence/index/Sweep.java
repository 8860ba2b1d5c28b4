package dev.whence.index;

import dev.whence.corpus.Corpus;
import dev.whence.index.InfluenceIndex.IndexedShard;
import dev.whence.tensor.Parallel;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.LongPredicate;

/** Estimates every sequence's influence on all queries, in one pass over the index. */
final class Sweep {
  /** Sequences whose records stay near the core while all queries are compared with them. */
  private static final int BLOCK = 256;

  /** Sequences that one core goes through: few enough for a small index to occupy all of them. */
  private static final int PIECE = 16 * BLOCK;

  private final InfluenceIndex index;
  private final Comparison queries;
  private final int piece;

  /** What receives the estimates; it is called by one thread at a time, in any order. */
  @FunctionalInterface
  interface Sink {
    /**
     * Takes one estimate.
     *
     * @param place of the sequence in the index
     * @param estimates of each query, in nats per unit of weight; lent until it returns
     */
    void take(long place, float[] estimates);
  }

  /** Bytes of the queries that are compared in one pass. */
  private static final long MOST_QUERY_BYTES = 512L << 20;

  /** As {@link Sink}, for queries of which some come at a time. */
  @FunctionalInterface
  interface GroupSink {
    /**
     * Takes the estimates of some queries.
     *
     * @param first the number of the first of them
     */
    void take(int first, long place, float[] estimates);
  }

  /** Sweeps as often as it takes to have all queries in memory once. */
  static void byPositions(
      InfluenceIndex index,
      SidesFormat format,
      List<QuerySketch> queries,
      MatchWeights weights,
      LongPredicate wanted,
      GroupSink sink) {
    for (int from = 0; from < queries.size(); ) {
      int to = from;
      long bytes = 0;
      do {
        bytes += queries.get(to).numbers().length * format.productBytes();
        to++;
      } while (to < queries.size() && bytes < MOST_QUERY_BYTES);
      int first = from;
      new Sweep(index, Comparison.ByPositions.of(format, queries.subList(from, to), weights))
          .run(wanted, (place, estimates) -> sink.take(first, place, estimates));
      from = to;
    }
  }

  Sweep(InfluenceIndex index, Comparison queries) {
    this(index, queries, PIECE);
  }

  /**
   * A sweep in pieces of another size.
   *
   * @param piece how many sequences one core goes through at a time
   */
  Sweep(InfluenceIndex index, Comparison queries, int piece) {
    this.index = index;
    this.queries = queries;
    this.piece = piece;
  }

  /** Goes through all sequences. */
  void run(Sink sink) {
    run(_ -> true, sink);
  }

  /** Goes through the sequences at the places that are wanted. */
  void run(LongPredicate wanted, Sink sink) {
    List<Callable<List<Tensor>>> pieces = new ArrayList<>();
    for (IndexedShard shard : index.shards()) {
      long at = 0;
      for (int from = 0; from < shard.sequences(); from += piece) {
        int first = from;
        int end = Math.min(from + piece, shard.sequences());
        long start = at;
        pieces.add(() -> {
          sweepPiece(shard, first, end, start, wanted, sink);
          return List.of();
        });
        for (int i = from; i < end; i++) {
          at += recordBytes(shard.corpus(), shard.first() + i);
        }
      }
    }
    Parallel.run(pieces);
  }

  private long recordBytes(Corpus corpus, long place) {
    return (long) InfluenceIndex.positions(corpus, place) * index.manifest().recordBytes();
  }

  private void sweepPiece(
      IndexedShard shard, int first, int end, long start, LongPredicate wanted, Sink sink) {
    long at = start;
    for (int from = first; from < end; from += BLOCK) {
      at = sweepBlock(shard, from, Math.min(BLOCK, end - from), at, wanted, sink);
    }
  }

  /** Sweeps a block whose records begin at {@code at}, and returns where the next block's do. */
  private long sweepBlock(
      IndexedShard shard, int from, int count, long at, LongPredicate wanted, Sink sink) {
    Corpus corpus = shard.corpus();
    long place = shard.first() + from;
    int[][] tokens = new int[count][];
    long[] starts = new long[count + 1];
    starts[0] = at;
    for (int i = 0; i < count; i++) {
      boolean isWanted = wanted.test(shard.offset() + place + i);
      tokens[i] = isWanted ? corpus.tokens(place + i) : new int[0];
      starts[i + 1] = starts[i] + recordBytes(corpus, place + i);
    }
    float[][] estimates = new float[count][queries.queries()];
    queries.score(tokens, starts, shard.codes(), estimates);
    synchronized (this) {
      for (int i = 0; i < count; i++) {
        if (tokens[i].length > 0) {
          sink.take(shard.offset() + place + i, estimates[i]);
        }
      }
    }
    return starts[count];
  }
}
