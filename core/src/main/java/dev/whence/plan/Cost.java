package dev.whence.plan;

/**
 * What work costs, in the quantities whose speed {@link Machine} measures. They are sums over many
 * sequences, too large for integers at the scale of the paper.
 *
 * @param forward multiply-adds of the model's own forward pass
 * @param backward multiply-adds of the model's backward pass
 * @param products multiply-adds of the other matrix products
 * @param symmetric multiply-adds of symmetric products, one triangle each
 * @param bytes read and written besides
 * @param cubes sum of the cubed sizes of matrices that are decomposed
 * @param calls operations that are launched
 */
public record Cost(
    double forward,
    double backward,
    double products,
    double symmetric,
    double bytes,
    double cubes,
    double calls) {
  public static final Cost NONE = new Cost(0, 0, 0, 0, 0, 0, 0);

  /** Matrix products in {@code calls} operations, and the bytes that they read and write. */
  static Cost products(double multiplyAdds, double bytes, double calls) {
    return new Cost(0, 0, multiplyAdds, 0, bytes, 0, calls);
  }

  static Cost symmetric(double multiplyAdds, double bytes, double calls) {
    return new Cost(0, 0, 0, multiplyAdds, bytes, 0, calls);
  }

  static Cost cubes(double cubes) {
    return new Cost(0, 0, 0, 0, 0, cubes, 0);
  }

  static Cost moved(double bytes, double calls) {
    return new Cost(0, 0, 0, 0, bytes, 0, calls);
  }

  public Cost plus(Cost other) {
    return new Cost(
        forward + other.forward,
        backward + other.backward,
        products + other.products,
        symmetric + other.symmetric,
        bytes + other.bytes,
        cubes + other.cubes,
        calls + other.calls);
  }

  public Cost times(double factor) {
    return new Cost(
        forward * factor,
        backward * factor,
        products * factor,
        symmetric * factor,
        bytes * factor,
        cubes * factor,
        calls * factor);
  }

  static Cost sum(Iterable<Cost> costs) {
    Cost sum = NONE;
    for (Cost cost : costs) {
      sum = sum.plus(cost);
    }
    return sum;
  }

  /** All multiply-adds of products, the model's included. */
  public double multiplyAdds() {
    return forward + backward + products + symmetric;
  }

  /** The time that it takes on a machine. */
  public double seconds(Machine machine) {
    return (forward + backward + products) / machine.products()
        + symmetric / machine.symmetric()
        + bytes / machine.bandwidth()
        + cubes * machine.secondsPerCube()
        + calls * machine.secondsPerCall();
  }
}
