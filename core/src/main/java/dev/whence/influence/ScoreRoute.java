package dev.whence.influence;

/** How a layer's scores are contracted: a matter of cost alone (METHOD section 4). */
public enum ScoreRoute {
  /** Per position, through the factors of the queries: {@code (d U)(a V)}. */
  POSITIONS,
  /** Form each sequence's gradient D, then {@code <P, D>}. */
  GRADIENTS;

  /**
   * The sizes that decide.
   *
   * @param batch sequences
   * @param positions of each sequence, over all uses of the layer
   * @param rank of the products that approximate the queries' gradients; 0 for whole gradients
   * @param formed whether the queries' whole gradients are in memory
   */
  public record Sizes(
      long batch, long positions, long out, long in, long queries, long rank, boolean formed) {}

  /** Multiply-adds of this route. */
  public long cost(Sizes s) {
    long matrix = s.out * s.in;
    return switch (this) {
      case POSITIONS ->
          s.rank == 0
              ? s.batch * s.positions * s.queries * matrix
              : s.batch * s.positions * s.queries * s.rank * (s.out + s.in);
      case GRADIENTS ->
          s.batch * s.positions * matrix
              + s.batch * s.queries * matrix
              + (s.formed ? 0 : s.queries * s.rank * matrix);
    };
  }

  /** The cheaper route. */
  public static ScoreRoute cheapest(Sizes sizes) {
    return POSITIONS.cost(sizes) < GRADIENTS.cost(sizes) ? POSITIONS : GRADIENTS;
  }
}
