package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Products with signs, by counting bits. The query's numbers are rounded to 6 bits; then {@code
 * sum_j sign_j u_j} is a weighted count of the bits that the signs have in common with each of the
 * 6 bits of all u: arithmetic on what fits into registers, where a table is waited for. For
 * normally distributed numbers the squared error is a thousandth of what the other's signs lose.
 */
record SignProduct(Side input, Side gradient, int gradientCodes) implements PositionProduct {
  private static final int BITS = 6;
  private static final int LARGEST = (1 << (BITS - 1)) - 1;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static SignProduct of(SidesFormat format, float[] numbers) {
    return new SignProduct(
        Side.of(format, numbers, 0),
        Side.of(format, numbers, format.side()),
        format.gradientCodes());
  }

  /** Bytes of the numbers' bits. */
  static long bytes(SidesFormat format) {
    return 2L * Math.ceilDiv(format.sideBytes(), Long.BYTES) * BITS * Long.BYTES;
  }

  @Override
  public float with(MemorySegment records, long at) {
    return input.with(records, at + PositionFormat.SCALE_BYTES)
        * gradient.with(records, at + gradientCodes);
  }

  /**
   * One side.
   *
   * @param planes the bits of all numbers u of a word, the lowest of each first, [words * 6]
   * @param bytes of the side's codes
   * @param sum of all u
   * @param unit what u is multiplied by
   */
  private record Side(long[] planes, int bytes, int sum, float unit) {

    static Side of(SidesFormat format, float[] numbers, int from) {
      int bytes = format.sideBytes();
      int words = Math.ceilDiv(bytes, Long.BYTES);
      long[] planes = new long[words * BITS];
      float largest = 0;
      for (int j = 0; j < format.side(); j++) {
        largest = Math.max(largest, Math.abs(numbers[from + j]));
      }
      float unit = largest / LARGEST;
      int sum = 0;
      for (int j = 0; j < format.side(); j++) {
        int u = unit > 0 ? Math.round(numbers[from + j] / unit) : 0;
        sum += u;
        int word = j / Long.SIZE;
        int bit = j - start(word, bytes) * Byte.SIZE;
        for (int b = 0; b < BITS; b++) {
          planes[word * BITS + b] |= (long) ((u >>> b) & 1) << bit;
        }
      }
      return new Side(planes, bytes, sum, unit);
    }

    /**
     * At which byte a word is read. The last one is read where the side ends, over bytes of the one
     * before, which have no bit in its planes.
     */
    private static int start(int word, int bytes) {
      return Math.max(0, Math.min(word * Long.BYTES, bytes - Long.BYTES));
    }

    float with(MemorySegment records, long codes) {
      int count = 0;
      for (int word = 0, p = 0; p < planes.length; word++, p += BITS) {
        long signs =
            bytes < Long.BYTES
                ? shortWord(records, codes)
                : records.get(WORD, codes + start(word, bytes));
        count +=
            Long.bitCount(signs & planes[p])
                + (Long.bitCount(signs & planes[p + 1]) << 1)
                + (Long.bitCount(signs & planes[p + 2]) << 2)
                + (Long.bitCount(signs & planes[p + 3]) << 3)
                + (Long.bitCount(signs & planes[p + 4]) << 4)
                - (Long.bitCount(signs & planes[p + 5]) << 5); // in two's complement
      }
      return unit * (2 * count - sum);
    }

    private long shortWord(MemorySegment records, long codes) {
      long word = 0;
      for (int k = 0; k < bytes; k++) {
        word |= (records.get(ValueLayout.JAVA_BYTE, codes + k) & 0xffL) << (k * Byte.SIZE);
      }
      return word;
    }
  }
}
