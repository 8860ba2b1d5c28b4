package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.whence.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files either still make sense or are refused, cheaply and by name. */
class SafetensorsFuzzTest {
  private static final int MUTATIONS = 1500;
  private static final long FEW_BYTES = 4 << 20;
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final String[] NUMBERS = {
    "0",
    "1",
    "2",
    "3",
    "7",
    "8",
    "12",
    "24",
    "-1",
    "-0",
    "1e3",
    "0.5",
    "2147483648",
    "4294967296",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1e400",
    "null",
    "[]",
    "{}",
    "\"8\"",
    "1".repeat(2000)
  };

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  @Timeout(60)
  void damagedFileIsReadOrRefusedAndNothingElse(long seed) throws IOException {
    byte[] original = valid();
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = mutate(original, random);
      Path file = folder.resolve("fuzz.safetensors");
      Files.write(file, bytes);
      long before = allocated();
      refused += readable(file, bytes.length, seed, i) ? 0 : 1;
      assertThat(allocated() - before)
          .as("bytes allocated for a file of %d, seed %d, mutation %d", bytes.length, seed, i)
          .isLessThan(FEW_BYTES);
    }
    // Both outcomes must occur, or the mutations are too weak or too strong to test anything.
    assertThat(refused).as("refused, seed %d", seed).isBetween(MUTATIONS / 3, MUTATIONS - 100);
  }

  /** Whether the file could be read to the end; throws what is neither success nor refusal. */
  private static boolean readable(Path file, long size, long seed, int mutation) {
    try (Scope _ = Scope.open();
        SafetensorsFile open = SafetensorsFile.open(file)) {
      long bytes = 0;
      for (String name : open.names()) {
        Tensor tensor = open.tensor(name);
        bytes += tensor.elements() * tensor.type().bytes();
      }
      assertThat(bytes).as("seed %d, mutation %d", seed, mutation).isLessThan(size);
      return true;
    } catch (InvalidInputException | UncheckedIOException e) {
      assertThat(e.getMessage())
          .as("seed %d, mutation %d", seed, mutation)
          .contains(file.toString());
      return false;
    } catch (RuntimeException e) {
      throw new AssertionError("seed %d, mutation %d: %s".formatted(seed, mutation, e), e);
    }
  }

  private byte[] valid() throws IOException {
    Path file = folder.resolve("valid.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      tensors.put("weight", Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
      tensors.put("none", Tensors.zeros(DType.FLOAT64, Device.CPU, 0, 3));
      tensors.put("scalar", Tensors.of(new long[] {7}, 1).reshape());
      tensors.put("half", Tensors.of(new float[] {1, 2, 3}, 3).to(DType.BFLOAT16));
      SafetensorsFile.write(file, tensors, Map.of("format", "pt"));
    }
    return Files.readAllBytes(file);
  }

  private static byte[] mutate(byte[] original, Random random) {
    byte[] bytes = original.clone();
    int header = 8 + Byte.toUnsignedInt(original[0]) + 256 * Byte.toUnsignedInt(original[1]);
    switch (random.nextInt(6)) {
      case 0 -> { // flips in the header
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
          bytes[8 + random.nextInt(header - 8)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      case 1 -> bytes[random.nextInt(8)] = (byte) random.nextInt(256); // the length
      case 2 -> bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)); // a cut
      case 3 -> { // an insertion
        int at = random.nextInt(bytes.length);
        byte[] extra = new byte[1 + random.nextInt(9)];
        random.nextBytes(extra);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, at);
        out.writeBytes(extra);
        out.write(bytes, at, bytes.length - at);
        bytes = out.toByteArray();
      }
      case 4 -> bytes = otherNumber(original, header, random);
      default -> // flips among the values, which change no structure
          bytes[header + random.nextInt(bytes.length - header)] ^= (byte) 0xff;
    }
    return bytes;
  }

  /** One number of the JSON becomes another, and the length fits again. */
  private static byte[] otherNumber(byte[] original, int header, Random random) {
    String json = new String(original, 8, header - 8, StandardCharsets.ISO_8859_1);
    MatchResult[] numbers = NUMBER.matcher(json).results().toArray(MatchResult[]::new);
    MatchResult number = numbers[random.nextInt(numbers.length)];
    String changed =
        json.substring(0, number.start())
            + NUMBERS[random.nextInt(NUMBERS.length)]
            + json.substring(number.end());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(changed.length());
    out.write(changed.length() >> 8);
    out.write(original, 2, 6);
    out.writeBytes(changed.getBytes(StandardCharsets.ISO_8859_1));
    out.write(original, header, original.length - header);
    return out.toByteArray();
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
