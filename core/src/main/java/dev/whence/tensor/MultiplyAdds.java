package dev.whence.tensor;

import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the multiply-adds of matrix products while they run, so that a plan can be held against
 * the truth. What autograd computes backward and what LAPACK does is not seen.
 */
public final class MultiplyAdds {
  private static final LongAdder SEEN = new LongAdder();
  private static volatile boolean counting;

  private MultiplyAdds() {}

  /**
   * Those of the products that {@code work} computes, on whatever thread. One count at a time.
   *
   * @param work anything
   */
  public static synchronized long of(Runnable work) {
    SEEN.reset();
    counting = true;
    try {
      work.run();
    } finally {
      counting = false;
    }
    return SEEN.sum();
  }

  /** Takes note of a product whose every element is a sum over {@code inner} terms. */
  static Tensor noted(Tensor product, long inner) {
    note(counting ? product.elements() : 0, inner);
    return product;
  }

  /** Takes note of {@code elements} sums over {@code inner} terms each. */
  static void note(long elements, long inner) {
    if (counting) {
      SEEN.add(elements * inner);
    }
  }
}
