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

  private final InfluenceIndex index;
  private final Comparison queries;

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

  /** Bytes of the tables of queries that are compared in one pass. */
  private static final long MOST_TABLE_BYTES = 512L << 20;

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

  /** Sweeps as often as it takes to have all queries' tables in memory once. */
  static void byTables(
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
        bytes += queries.get(to).numbers().length * format.tableBytes();
        to++;
      } while (to < queries.size() && bytes < MOST_TABLE_BYTES);
      int first = from;
      new Sweep(index, Comparison.ByTables.of(format, queries.subList(from, to), weights))
          .run(wanted, (place, estimates) -> sink.take(first, place, estimates));
      from = to;
    }
  }

  Sweep(InfluenceIndex index, Comparison queries) {
    this.index = index;
    this.queries = queries;
  }

  /** Goes through all sequences. */
  void run(Sink sink) {
    run(_ -> true, sink);
  }

  /** Goes through the sequences at the places that are wanted. */
  void run(LongPredicate wanted, Sink sink) {
    List<Callable<List<Tensor>>> pieces = new ArrayList<>();
    for (IndexedShard shard : index.shards()) {
      pieces.add(() -> {
        sweep(shard, wanted, sink);
        return List.of();
      });
    }
    Parallel.run(pieces);
  }

  private void sweep(IndexedShard shard, LongPredicate wanted, Sink sink) {
    long at = 0;
    for (int from = 0; from < shard.sequences(); from += BLOCK) {
      int count = Math.min(BLOCK, shard.sequences() - from);
      at = sweep(shard, from, count, at, wanted, sink);
    }
  }

  /** Sweeps a block whose records begin at {@code at}, and returns where the next block's do. */
  private long sweep(
      IndexedShard shard, int from, int count, long at, LongPredicate wanted, Sink sink) {
    Corpus corpus = shard.corpus();
    long place = shard.first() + from;
    int[][] tokens = new int[count][];
    long[] starts = new long[count + 1];
    starts[0] = at;
    for (int i = 0; i < count; i++) {
      boolean isWanted = wanted.test(shard.offset() + place + i);
      tokens[i] = isWanted ? corpus.tokens(place + i) : new int[0];
      starts[i + 1] =
          starts[i]
              + (long) InfluenceIndex.positions(corpus, place + i) * index.manifest().recordBytes();
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
