package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {
  private static final String F32 = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

  @TempDir private Path folder;

  /** Headers over eight bytes of data, each wrong in one way, and what the message must contain. */
  static Stream<Arguments> wrongHeaders() {
    return Stream.of(
        wrong("not an object", "[1, 2, 3]", "not a JSON object"),
        wrong("no JSON", "        ", "not a JSON object"),
        wrong("cut JSON", "{\"x\":{\"dtype\":\"F32\"", "broken header"),
        wrong("two documents", "{\"x\":" + F32 + "} {}", "broken header"),
        wrong("nesting", "{\"x\":" + "[".repeat(100_000), "broken header"),
        wrong("a name twice", "{\"x\":" + F32 + ",\"x\":" + F32 + "}", "broken header"),
        wrong("bytes that are not UTF-8", "{\"\u00ff\":" + F32 + "}", "broken header"),
        wrong("an entry that is no object", "{\"x\":1}", "'x'"),
        wrong("no dtype", "{\"x\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "'x'"),
        wrong("no shape", "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "'x'"),
        wrong("shape not a list", entry("F32", "2", "[0,8]"), "'x'"),
        wrong("negative size", entry("F32", "[-2]", "[0,8]"), "'x' with the size or offset -2"),
        wrong("two negative sizes", entry("F32", "[-1,-2]", "[0,8]"), "'x' with the size or"),
        wrong("fraction of a size", entry("F32", "[2.0]", "[0,8]"), "'x' with the size or offset"),
        wrong("text as size", entry("F32", "[\"2\"]", "[0,8]"), "'x' with the size or offset"),
        wrong("null as size", entry("F32", "[null]", "[0,8]"), "'x' with the size or offset"),
        wrong("size past int64", entry("F32", "[9223372036854775808]", "[0,8]"), "'x'"),
        wrong("huge size", entry("F32", "[1000000000000]", "[0,8]"), "'x' of 4000000000000 bytes"),
        wrong("size that wraps to 8", entry("F32", "[4611686018427387906]", "[0,8]"), "overflows"),
        wrong("product that wraps", entry("F32", "[4294967296,4294967296]", "[0,8]"), "overflows"),
        wrong("strides that wrap", entry("F32", "[0,4294967296,4294967296]", "[0,0]"), "overflows"),
        wrong("sixty-five sizes", entry("F64", "[1" + ",1".repeat(64) + "]", "[0,8]"), "'x'"),
        wrong("one offset", entry("F32", "[2]", "[8]"), "'x'"),
        wrong("three offsets", entry("F32", "[2]", "[0,8,8]"), "'x'"),
        wrong("negative offset", entry("F32", "[2]", "[-8,0]"), "'x' with the size or offset -8"),
        wrong("reversed offsets", entry("F32", "[2]", "[8,0]"), "'x'"),
        wrong("offsets that wrap", entry("F32", "[2]", "[9223372036854775800,0]"), "'x'"),
        wrong(
            "offsets too near", entry("F32", "[2]", "[0,4]"), "'x' of 8 bytes by its shape but 4"),
        wrong("offsets too far", entry("F32", "[1]", "[0,8]"), "'x' of 4 bytes by its shape but 8"),
        wrong("outside the file", entry("F32", "[2]", "[8,16]"), "'x' at byte 8"),
        wrong("past the file's end", entry("F32", "[4]", "[0,16]"), "truncated or damaged"),
        wrong("trailing bytes", entry("F32", "[1]", "[0,4]"), "has 8 bytes of tensors"),
        wrong("nothing but trailing bytes", "{}", "has 8 bytes of tensors"),
        wrong("an overlap", pair("[0,4]", "[2,6]", "[1]", "[1]"), "'b' at byte 2"),
        wrong("the same bytes twice", pair("[0,8]", "[0,8]", "[2]", "[2]"), "overlap"),
        wrong("a hole", pair("[0,2]", "[4,8]", "[1]", "[2]"), "hole"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongHeaders")
  void wrongHeaderIsRefusedByNameOfFile(String what, String header, String message)
      throws IOException {
    Path file = file(header.getBytes(StandardCharsets.ISO_8859_1), new byte[8]);
    assertThatThrownBy(() -> SafetensorsFile.open(file).close())
        .as(what)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(file + " ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, 0, 1, 11, 100_000_001, Integer.MAX_VALUE, 1L << 40})
  void headerLengthThatCannotBeIsRefused(long length) throws IOException {
    Path file = folder.resolve("length.safetensors");
    byte[] rest = "{}        ".getBytes(StandardCharsets.UTF_8);
    Files.write(file, bytes(length, rest, new byte[0]));
    assertThatThrownBy(() -> SafetensorsFile.open(file).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(file + " says that its header has ")
        .hasMessageContaining(Long.toUnsignedString(length) + " bytes");
  }

  @Test
  void headerOverTheFormatsLimitIsRefusedEvenIfTheFileIsThatLong() throws IOException {
    Path file = folder.resolve("sparse.safetensors");
    Files.write(file, bytes(100_000_001, new byte[0], new byte[0]));
    try (var channel =
        java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), 200_000_000); // sparse: takes no space
    }
    assertThatThrownBy(() -> SafetensorsFile.open(file).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(file + " says that its header has 100000001 bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void fileShorterThanALengthIsRefused(int size) throws IOException {
    Path file = folder.resolve("short.safetensors");
    Files.write(file, new byte[size]);
    assertThatThrownBy(() -> SafetensorsFile.open(file).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(file + " is too short");
  }

  @Test
  void truncationAnywhereIsNoticed() throws IOException {
    Path whole = file(entry("F32", "[2]", "[0,8]").getBytes(StandardCharsets.UTF_8), new byte[8]);
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.safetensors");
    assertThat(IntStream.range(0, bytes.length))
        .allSatisfy(length -> {
          Files.write(cut, java.util.Arrays.copyOf(bytes, length));
          assertThatThrownBy(() -> SafetensorsFile.open(cut).close())
              .isInstanceOf(InvalidInputException.class)
              .hasMessageStartingWith(cut + " ");
        });
    SafetensorsFile.open(whole).close(); // and the whole is fine
  }

  @Test
  void missingFileIsTheUsersMistake() {
    Path file = folder.resolve("absent.safetensors");
    assertThatThrownBy(() -> SafetensorsFile.open(file).close())
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(file + " does not exist");
  }

  @Test
  void folderInsteadOfAFileIsNamed() {
    assertThatThrownBy(() -> SafetensorsFile.open(folder).close())
        .isInstanceOfAny(InvalidInputException.class, UncheckedIOException.class)
        .hasMessageContaining(folder.toString());
  }

  @Test
  void tensorsMayBeListedInAnyOrder() throws IOException {
    byte[] data = {2, 0, 1, 0};
    String header =
        "{\"b\":{\"dtype\":\"I16\",\"shape\":[],\"data_offsets\":[2,4]},"
            + "\"e\":{\"dtype\":\"F64\",\"shape\":[0,5],\"data_offsets\":[2,2]},"
            + "\"a\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[0,2]}}";
    Path file = file(header.getBytes(StandardCharsets.UTF_8), data);
    try (Scope _ = Scope.open();
        SafetensorsFile open = SafetensorsFile.open(file)) {
      assertThat(open.names()).containsExactly("b", "e", "a");
      assertThat(open.tensor("b").item()).isEqualTo(1);
      assertThat(open.tensor("a").item()).isEqualTo(2);
      assertThat(open.tensor("e").shape()).containsExactly(0, 5);
    }
  }

  @Test
  void layoutThatOverflowsIsNotWrittenDown() {
    Map<String, SafetensorsHeader.Spec> specs =
        Map.of("x", new SafetensorsHeader.Spec(DType.FLOAT32, 1L << 32, 1L << 31));
    assertThatThrownBy(() -> SafetensorsHeader.layout(specs, Map.of()))
        .isInstanceOf(ArithmeticException.class);
  }

  private Path file(byte[] header, byte[] data) throws IOException {
    Path file = folder.resolve("made.safetensors");
    Files.write(file, bytes(header.length, header, data));
    return file;
  }

  private static byte[] bytes(long length, byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(header)
        .put(data)
        .array();
  }

  private static Arguments wrong(String what, String header, String message) {
    return Arguments.of(what, header, message);
  }

  private static String entry(String type, String shape, String offsets) {
    return "{\"x\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
        .formatted(type, shape, offsets);
  }

  /** Tensors a and b, of type F32 unless two bytes are to be one element. */
  private static String pair(String offsetsA, String offsetsB, String shapeA, String shapeB) {
    String typeA = offsetsA.equals("[0,2]") ? "I16" : "F32";
    return "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s},"
            .formatted(typeA, shapeA, offsetsA)
        + "\"b\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
            .formatted(typeA.equals("I16") ? "I16" : "F32", shapeB, offsetsB);
  }
}
