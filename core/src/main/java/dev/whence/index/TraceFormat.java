package dev.whence.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Numbers as they are.
 *
 * @param bits of each: 16 (float16, in units of the scale) or 32 (float32)
 */
record TraceFormat(int numbers, int bits) implements PositionFormat {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public int bytes() {
    return SCALE_BYTES + numbers * (bits / Byte.SIZE);
  }

  @Override
  public void encode(float[] values, int from, MemorySegment out, long at) {
    double squares = 0;
    for (int j = 0; j < numbers; j++) {
      squares += (double) values[from + j] * values[from + j];
    }
    PositionFormat.putScale(bits == 32 ? 1 : Math.sqrt(squares / numbers), out, at);
    float scale = PositionFormat.scale(out, at);
    for (int j = 0; j < numbers; j++) {
      if (bits == 32) {
        out.set(INT, at + SCALE_BYTES + 4L * j, Float.floatToRawIntBits(values[from + j]));
      } else {
        float unit = scale == 0 ? 0 : values[from + j] / scale;
        out.set(SHORT, at + SCALE_BYTES + 2L * j, Float.floatToFloat16(unit));
      }
    }
  }

  /** Reads a record's numbers back, into {@code values} from {@code to} on. */
  void decode(MemorySegment records, long at, float[] values, int to) {
    float scale = PositionFormat.scale(records, at);
    for (int j = 0; j < numbers; j++) {
      values[to + j] =
          bits == 32
              ? Float.intBitsToFloat(records.get(INT, at + SCALE_BYTES + 4L * j))
              : scale * Float.float16ToFloat(records.get(SHORT, at + SCALE_BYTES + 2L * j));
    }
  }
}
