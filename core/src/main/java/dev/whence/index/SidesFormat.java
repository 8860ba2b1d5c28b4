package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The two sides of a position, its input's numbers and its output gradient's, a few bits each: of
 * one bit it is the sign. The scale is such that either side's codes, multiplied with the side's
 * own numbers, give their square; so products with others are estimated without bias.
 *
 * @param side how many numbers a side has
 * @param bits of each: 1, 2, 4 or 8
 */
record SidesFormat(int side, int bits) implements PositionFormat {

  @Override
  public int numbers() {
    return 2 * side;
  }

  @Override
  public int bytes() {
    return SCALE_BYTES + 2 * sideBytes();
  }

  /** Bytes of one side's codes. */
  int sideBytes() {
    return Math.ceilDiv(side * bits, Byte.SIZE);
  }

  /**
   * The distance of two levels, in units of the numbers' root mean square: the one with the least
   * squared error for normally distributed numbers (Max 1960).
   */
  private double step() {
    return switch (bits) {
      case 1 -> 1.596;
      case 2 -> 0.9957;
      case 4 -> 0.3352;
      case 8 -> 0.0308;
      default -> throw new IllegalStateException(bits + " bits have no levels");
    };
  }

  /** The value that a code stands for, before the scale: an odd number. */
  int level(int code) {
    return 2 * code + 1 - (1 << bits);
  }

  @Override
  public void encode(float[] numbers, int from, MemorySegment out, long at) {
    double inputScale = encodeSide(numbers, from, out, at + SCALE_BYTES);
    double gradientScale = encodeSide(numbers, from + side, out, at + gradientCodes());
    PositionFormat.putScale(inputScale * gradientScale, out, at);
  }

  /** Writes a side's codes, and returns its scale. */
  private double encodeSide(float[] numbers, int from, MemorySegment out, long at) {
    double squares = 0;
    for (int j = 0; j < side; j++) {
      squares += (double) numbers[from + j] * numbers[from + j];
    }
    int levels = 1 << bits;
    int perByte = Byte.SIZE / bits;
    double unit = 1 / (step() * Math.sqrt(squares / side));
    double product = 0; // of the numbers and the levels
    for (int first = 0, k = 0; first < side; first += perByte, k++) {
      int packed = 0;
      int end = Math.min(perByte, side - first);
      for (int i = 0; i < end; i++) {
        double number = numbers[from + first + i];
        // Where all are zero it is not a number, which becomes the level in the middle.
        int code = Math.clamp((int) Math.floor(number * unit) + (long) levels / 2, 0, levels - 1);
        packed |= code << (i * bits);
        product += number * level(code);
      }
      out.set(ValueLayout.JAVA_BYTE, at + k, (byte) packed);
    }
    return product == 0 ? 0 : squares / product;
  }

  /** A query's position, ready to be multiplied with positions in this format. */
  PositionProduct product(float[] numbers) {
    return bits == 1 ? SignProduct.of(this, numbers) : TableProduct.of(this, numbers);
  }

  /** Bytes that a query's position takes when it is ready. */
  long productBytes() {
    return bits == 1 ? SignProduct.bytes(this) : TableProduct.bytes(this);
  }

  /** Where in a record the gradient side's codes begin. */
  int gradientCodes() {
    return SCALE_BYTES + sideBytes();
  }
}
