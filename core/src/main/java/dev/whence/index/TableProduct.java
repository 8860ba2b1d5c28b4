package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Products with codes of any bits, by tables: for each byte of a side's codes and each value that
 * it may have, the sum over its numbers of the query's number times the level.
 *
 * @param input the table of the input side, [side bytes * 256]
 * @param gradient that of the gradient side
 * @param gradientCodes where in a record the gradient side's codes begin
 */
record TableProduct(float[] input, float[] gradient, int gradientCodes) implements PositionProduct {

  static TableProduct of(SidesFormat format, float[] numbers) {
    return new TableProduct(
        table(format, numbers, 0), table(format, numbers, format.side()), format.gradientCodes());
  }

  /** Bytes of the two tables. */
  static long bytes(SidesFormat format) {
    return 2L * format.sideBytes() * 256 * Float.BYTES;
  }

  private static float[] table(SidesFormat format, float[] numbers, int from) {
    int bits = format.bits();
    int perByte = Byte.SIZE / bits;
    float[] table = new float[format.sideBytes() << 8];
    for (int k = 0; k < format.sideBytes(); k++) {
      int row = k << 8;
      int known = 1; // entries of the row that are whole as far as the numbers before go
      for (int i = 0; i < perByte; i++) {
        int j = k * perByte + i;
        float number = j < format.side() ? numbers[from + j] : 0;
        for (int code = (1 << bits) - 1; code >= 0; code--) { // 0 last: it is built upon
          for (int before = 0; before < known; before++) {
            table[row + code * known + before] = table[row + before] + format.level(code) * number;
          }
        }
        known <<= bits;
      }
    }
    return table;
  }

  @Override
  public float with(MemorySegment records, long at) {
    return sum(input, records, at + PositionFormat.SCALE_BYTES)
        * sum(gradient, records, at + gradientCodes);
  }

  private static float sum(float[] table, MemorySegment records, long codes) {
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
}
