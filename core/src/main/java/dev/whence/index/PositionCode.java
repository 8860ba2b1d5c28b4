package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How a position's numbers are written: a scale in bfloat16, then the numbers, a few bits each. Of
 * one bit it is the sign. The scale is such that a code's product with the numbers themselves is
 * their square: then its product with others is estimated without bias.
 *
 * @param components how many numbers
 * @param bits of each: 1, 2, 4, 8, 16 (float16) or 32 (float32)
 */
record PositionCode(int components, int bits) {
  static final int SCALE_BYTES = 2;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bytes of a position. */
  int bytes() {
    return SCALE_BYTES + codeBytes();
  }

  /** Bytes of the numbers alone. */
  int codeBytes() {
    return Math.ceilDiv(components * bits, Byte.SIZE);
  }

  /** Whether a byte holds one or several whole numbers, so that a table of bytes can be summed. */
  private boolean isTabulated() {
    return bits <= Byte.SIZE;
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
  private int level(int code) {
    return 2 * code + 1 - (1 << bits);
  }

  /**
   * Writes a position.
   *
   * @param numbers the position's begin at {@code from}
   * @param at where in {@code out} its record begins
   */
  void encode(float[] numbers, int from, MemorySegment out, long at) {
    double squares = 0;
    for (int j = 0; j < components; j++) {
      squares += (double) numbers[from + j] * numbers[from + j];
    }
    double scale =
        switch (bits) {
          case 16 -> bfloat(toBfloat(Math.sqrt(squares / components)));
          case 32 -> 1;
          default -> encodeLevels(numbers, from, squares, out, at + SCALE_BYTES);
        };
    out.set(SHORT, at, toBfloat(scale));
    for (int j = 0; j < components && bits > Byte.SIZE; j++) {
      double number = scale == 0 ? 0 : numbers[from + j] / scale;
      if (bits == 16) {
        out.set(SHORT, at + SCALE_BYTES + 2L * j, Float.floatToFloat16((float) number));
      } else {
        out.set(INT, at + SCALE_BYTES + 4L * j, Float.floatToRawIntBits((float) number));
      }
    }
  }

  /** Writes the codes, and returns the scale. */
  private double encodeLevels(
      float[] numbers, int from, double squares, MemorySegment out, long at) {
    int levels = 1 << bits;
    int perByte = Byte.SIZE / bits;
    double unit = 1 / (step() * Math.sqrt(squares / components));
    double product = 0; // of the numbers and the levels
    for (int first = 0, k = 0; first < components; first += perByte, k++) {
      int packed = 0;
      int end = Math.min(perByte, components - first);
      for (int i = 0; i < end; i++) {
        double number = numbers[from + first + i];
        // Zeros make it not a number, which becomes the level 0.
        int code = Math.clamp((int) Math.floor(number * unit) + (long) levels / 2, 0, levels - 1);
        packed |= code << (i * bits);
        product += number * level(code);
      }
      out.set(ValueLayout.JAVA_BYTE, at + k, (byte) packed);
    }
    return product == 0 ? 0 : squares / product;
  }

  /** The scale of the position whose record begins at {@code at}. */
  static float scale(MemorySegment records, long at) {
    return bfloat(records.get(SHORT, at));
  }

  private static short toBfloat(double value) {
    int bits = Float.floatToRawIntBits((float) value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static float bfloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** What a query's numbers are multiplied with codes by: {@link #product}. */
  float[] prepared(float[] query) {
    return isTabulated() ? table(query) : query;
  }

  /**
   * The product of a position's numbers, without the scale, and a query's.
   *
   * @param prepared the query's, by {@link #prepared}
   */
  float product(float[] prepared, MemorySegment records, long at) {
    return isTabulated()
        ? tabulatedProduct(prepared, records, at + SCALE_BYTES)
        : plainProduct(prepared, records, at + SCALE_BYTES);
  }

  /**
   * For each byte of a code and each value that it may have, the sum over its numbers of the
   * query's number times the level: [code bytes * 256].
   */
  private float[] table(float[] query) {
    int perByte = Byte.SIZE / bits;
    float[] table = new float[codeBytes() << 8];
    for (int k = 0; k < codeBytes(); k++) {
      int row = k << 8;
      int known = 1; // entries of the row that are whole as far as the numbers before go
      for (int i = 0; i < perByte; i++) {
        int j = k * perByte + i;
        float number = j < components ? query[j] : 0;
        for (int code = (1 << bits) - 1; code >= 0; code--) { // 0 last: it is built upon
          for (int before = 0; before < known; before++) {
            table[row + code * known + before] = table[row + before] + level(code) * number;
          }
        }
        known <<= bits;
      }
    }
    return table;
  }

  private float tabulatedProduct(float[] table, MemorySegment records, long codes) {
    float even = 0; // two sums at a time: each addition waits for the one before
    float odd = 0;
    int bytes = table.length >> 8;
    int k = 0;
    for (; k + 1 < bytes; k += 2) {
      even += table[(k << 8) | (records.get(ValueLayout.JAVA_BYTE, codes + k) & 0xff)];
      odd += table[((k + 1) << 8) | (records.get(ValueLayout.JAVA_BYTE, codes + k + 1) & 0xff)];
    }
    if (k < bytes) {
      even += table[(k << 8) | (records.get(ValueLayout.JAVA_BYTE, codes + k) & 0xff)];
    }
    return even + odd;
  }

  private float plainProduct(float[] query, MemorySegment records, long numbers) {
    float sum = 0;
    for (int j = 0; j < components; j++) {
      sum += plain(records, numbers, j) * query[j];
    }
    return sum;
  }

  private float plain(MemorySegment records, long numbers, int j) {
    return bits == 16
        ? Float.float16ToFloat(records.get(SHORT, numbers + 2L * j))
        : Float.intBitsToFloat(records.get(INT, numbers + 4L * j));
  }

  /** Reads a position's numbers of 16 or 32 bits back, into {@code numbers} from {@code to} on. */
  void decode(MemorySegment records, long at, float[] numbers, int to) {
    float scale = scale(records, at);
    for (int j = 0; j < components; j++) {
      numbers[to + j] = scale * plain(records, at + SCALE_BYTES, j);
    }
  }
}
