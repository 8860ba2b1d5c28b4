package dev.whence.store;

/**
 * One of a query's strongest sequences, as the results have it.
 *
 * @param rank by its whole influence: 1, 2, .. for those that raise, -1, -2, .. for those that
 *     lower
 * @param tokenOffset tokens of the document that come before it
 * @param influence nats per unit of weight on the sequence, through all layers
 * @param counted the part of it that passes through the chosen layers
 * @param place of the sequence in the corpus
 */
public record TopSequence(
    int rank,
    String documentId,
    int sequenceIndex,
    int tokenOffset,
    double influence,
    double counted,
    boolean spiky,
    String text,
    long place,
    boolean refined) {
  /** Whether the tables have it, with its tokens and layers. */
  public boolean isKept() {
    return rank != 0;
  }

  /** This sequence with another part of its influence as {@code counted}, which was not refined. */
  TopSequence counting(double part) {
    return new TopSequence(
        rank, documentId, sequenceIndex, tokenOffset, influence, part, spiky, text, place, false);
  }
}
