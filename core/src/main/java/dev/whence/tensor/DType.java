package dev.whence.tensor;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types: libtorch's, with the names that safetensors files use. */
public enum DType {
  FLOAT64("F64", 8, ScalarType.Double),
  FLOAT32("F32", 4, ScalarType.Float),
  FLOAT16("F16", 2, ScalarType.Half),
  BFLOAT16("BF16", 2, ScalarType.BFloat16),
  INT64("I64", 8, ScalarType.Long),
  INT32("I32", 4, ScalarType.Int),
  INT16("I16", 2, ScalarType.Short),
  INT8("I8", 1, ScalarType.Char),
  UINT8("U8", 1, ScalarType.Byte),
  BOOL("BOOL", 1, ScalarType.Bool);

  private final String safetensorsName;
  private final int bytes;
  final ScalarType scalarType;

  DType(String safetensorsName, int bytes, ScalarType scalarType) {
    this.safetensorsName = safetensorsName;
    this.bytes = bytes;
    this.scalarType = scalarType;
  }

  /** The name in a safetensors header: {@code F32}, {@code BF16}. */
  public String safetensorsName() {
    return safetensorsName;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  public boolean isFloatingPoint() {
    return this == FLOAT64 || this == FLOAT32 || this == FLOAT16 || this == BFLOAT16;
  }

  /** The type in which sums over many elements are accumulated: never below float32. */
  public DType accumulator() {
    return this == FLOAT64 ? FLOAT64 : FLOAT32;
  }

  /** The distance from 1 to the next larger number of a floating-point type. */
  public double epsilon() {
    return switch (this) {
      case FLOAT64 -> 0x1.0p-52;
      case FLOAT32 -> 0x1.0p-23;
      case FLOAT16 -> 0x1.0p-10;
      case BFLOAT16 -> 0x1.0p-7;
      default -> throw new IllegalStateException(this + " is not a floating-point type");
    };
  }

  /** The type of a safetensors name, or empty for one that Whence does not read. */
  public static Optional<DType> ofSafetensors(String name) {
    return Arrays.stream(values()).filter(d -> d.safetensorsName.equals(name)).findFirst();
  }

  static DType of(ScalarType type) {
    return Arrays.stream(values())
        .filter(d -> d.scalarType.value == type.value)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unsupported element type " + type));
  }

  /** The command line's spelling: {@code float32}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
