package dev.whence.index;

import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace.Use;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Queries, ready to be compared with an index's records. */
sealed interface Comparison {
  /** How many queries. */
  int queries();

  /**
   * Scores some sequences.
   *
   * @param tokens of each sequence; none where it is not wanted
   * @param starts where each sequence's records begin, and after them where the last one's end
   * @param estimates are written to, [sequences][queries]
   */
  void score(int[][] tokens, long[] starts, MemorySegment records, float[][] estimates);

  /** Estimates from projections, position by position. */
  record ByPositions(List<QueryPositions> positions) implements Comparison {
    static ByPositions of(SidesFormat format, List<QuerySketch> queries, MatchWeights weights) {
      return new ByPositions(
          queries.stream().map(query -> new QueryPositions(format, query, weights)).toList());
    }

    @Override
    public int queries() {
      return positions.size();
    }

    @Override
    public void score(int[][] tokens, long[] starts, MemorySegment records, float[][] estimates) {
      for (int q = 0; q < positions.size(); q++) {
        double[] scores = new double[tokens.length];
        positions.get(q).score(tokens, starts, records, scores);
        for (int i = 0; i < tokens.length; i++) {
          estimates[i][q] = (float) scores[i];
        }
      }
    }
  }

  /**
   * The influence itself, from whole traces.
   *
   * @param prepared stays the caller's
   */
  record ByTrace(TraceFormat format, List<Linear> layers, PreconditionedQueries prepared)
      implements Comparison {
    @Override
    public int queries() {
      return prepared.count();
    }

    @Override
    public void score(int[][] tokens, long[] starts, MemorySegment records, float[][] estimates) {
      for (int i = 0; i < tokens.length; i++) {
        int positions = (int) ((starts[i + 1] - starts[i]) / format.bytes());
        if (tokens[i].length > 0 && positions > 0) {
          estimates[i] = score(positions, records, starts[i]);
        }
      }
    }

    private float[] score(int positions, MemorySegment records, long at) {
      float[] numbers = new float[positions * format.numbers()];
      for (int t = 0; t < positions; t++) {
        format.decode(records, at + (long) t * format.bytes(), numbers, t * format.numbers());
      }
      try (Scope _ = Scope.open()) {
        Tensor like = prepared.layers().getFirst().gradient(0);
        Tensor rows =
            Tensors.of(numbers, 1, positions, format.numbers()).to(like.type()).to(like.device());
        Tensor sum = Tensors.zeros(rows.type(), rows.device(), 1, positions, queries());
        List<Use> uses = WholeTrace.uses(layers, rows);
        for (int l = 0; l < layers.size(); l++) {
          sum.plusInPlace(prepared.layers().get(l).byPositions(List.of(uses.get(l))));
        }
        return sum.sum(1).toFloats();
      }
    }
  }
}
