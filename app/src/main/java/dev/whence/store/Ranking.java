package dev.whence.store;

/**
 * Which of a query's sequences are wanted, and in which order.
 *
 * @param raising those that raise the completion's probability, else those that lower it
 * @param layers only the influence through these layers counts, and decides the order
 * @param hideSpiky leaves out sequences of which one or two tokens carry nearly all influence
 * @param from how many of the strongest are passed over
 * @param count how many are wanted at most
 */
public record Ranking(boolean raising, LayerSpan layers, boolean hideSpiky, int from, int count) {
  /**
   * Consecutive layers, in forward order.
   *
   * @param first from 0
   * @param last included
   * @param total how many layers the results have
   */
  public record LayerSpan(int first, int last, int total) {
    public LayerSpan {
      if (first < 0 || last < first || last >= total) {
        throw new IllegalArgumentException(first + " to " + last + " of " + total + " layers");
      }
    }

    public static LayerSpan all(int layers) {
      return new LayerSpan(0, layers - 1, layers);
    }

    public boolean isAll() {
      return first == 0 && last == total - 1;
    }
  }
}
