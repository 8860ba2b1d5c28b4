package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** How a position's numbers are written as a record: a scale in bfloat16, and what follows. */
sealed interface PositionFormat permits SidesFormat, TraceFormat {
  int SCALE_BYTES = 2;

  ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** How many numbers a position has. */
  int numbers();

  /** Bytes of a record. */
  int bytes();

  /**
   * Writes a record.
   *
   * @param numbers the position's begin at {@code from}
   * @param at where in {@code out} the record begins
   */
  void encode(float[] numbers, int from, MemorySegment out, long at);

  /** The scale of the record that begins at {@code at}. */
  static float scale(MemorySegment records, long at) {
    return Float.intBitsToFloat(records.get(SHORT, at) << 16);
  }

  /** Writes the scale of the record that begins at {@code at}, rounded to bfloat16. */
  static void putScale(double scale, MemorySegment records, long at) {
    int bits = Float.floatToRawIntBits((float) scale);
    records.set(SHORT, at, (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16));
  }
}
