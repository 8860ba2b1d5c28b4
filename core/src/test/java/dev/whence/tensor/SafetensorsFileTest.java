package dev.whence.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeComesBackWithItsValues(DType type) {
    Path file = folder.resolve("t.safetensors");
    try (Scope _ = Scope.open()) {
      Tensor values = Tensors.of(new double[] {0, 1, 2, 3, 100, 127}, 2, 3).to(type);
      Tensor empty = Tensors.zeros(type, Device.CPU, 3, 0);
      Tensor scalar = Tensors.of(new double[] {1}, 1).to(type).reshape();
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("values", values);
      tensors.put("empty", empty);
      tensors.put("scalar", scalar);
      SafetensorsFile.write(file, tensors, Map.of());
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        assertThat(read.names()).containsExactly("values", "empty", "scalar");
        for (var expected : tensors.entrySet()) {
          Tensor actual = read.tensor(expected.getKey());
          assertThat(read.type(expected.getKey())).isEqualTo(type);
          assertThat(actual.type()).isEqualTo(type);
          assertThat(read.shape(expected.getKey())).isEqualTo(expected.getValue().shape());
          assertThat(actual.shape()).isEqualTo(expected.getValue().shape());
          assertThat(actual.toDoubles()).isEqualTo(expected.getValue().toDoubles());
        }
      }
    }
  }

  @Test
  void aTensorOfATypeThatIsNotReadIsInNobodysWayUntilItIsWanted() throws IOException {
    String header =
        "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]}}";
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length() + 16).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.UTF_8));
    bytes.putLong(0).putLong(7);
    Path file = Files.write(folder.resolve("t.safetensors"), bytes.array());
    try (Scope _ = Scope.open();
        SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.tensor("b").toLongs()).containsExactly(7);
      assertThatThrownBy(() -> read.tensor("a"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("'a' of dtype F8_E4M3, which Whence does not read");
    }
  }

  @Test
  void extremeValuesComeBackToTheBit() {
    Path file = folder.resolve("t.safetensors");
    double[] doubles = {Double.NaN, Double.NEGATIVE_INFINITY, -0.0, Double.MIN_VALUE, 1 / 3.0};
    long[] longs = {Long.MIN_VALUE, Long.MAX_VALUE, -1};
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(
          file, Map.of("d", Tensors.of(doubles, 5), "l", Tensors.of(longs, 3)), Map.of());
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        assertThat(read.tensor("d").toDoubles()).isEqualTo(doubles);
        assertThat(read.tensor("l").toLongs()).isEqualTo(longs);
      }
    }
  }

  @Test
  void aViewIsWrittenInItsOwnOrder() {
    Path file = folder.resolve("t.safetensors");
    try (Scope _ = Scope.open()) {
      Tensor matrix = Tensors.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
      SafetensorsFile.write(
          file, Map.of("t", matrix.t(), "row", matrix.narrow(0, 1, 1)), Map.of("unit", "nats"));
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        assertThat(read.tensor("t").toDoubles()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(read.tensor("row").toDoubles()).containsExactly(4, 5, 6);
      }
    }
  }

  @Test
  void metadataAndOddNamesComeBack() {
    Path file = folder.resolve("t.safetensors");
    Map<String, String> metadata =
        Map.of("format", "pt", "quote\"\n", "Zürich \uD83D\uDE00", "", "");
    try (Scope _ = Scope.open()) {
      Tensor one = Tensors.of(new float[] {1}, 1);
      SafetensorsFile.write(file, Map.of("a/ü\t\\", one, "", one), metadata);
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        assertThat(read.metadata()).isEqualTo(metadata);
        assertThat(read.names()).containsExactlyInAnyOrder("a/ü\t\\", "");
      }
    }
  }

  @Test
  void noTensorsAtAllIsAFileToo() {
    Path file = folder.resolve("t.safetensors");
    SafetensorsFile.write(file, Map.of(), Map.of());
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.names()).isEmpty();
      assertThat(read.metadata()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9})
  void tensorsBeginAtAMultipleOfEightBytes(int nameLength) throws IOException {
    Path file = folder.resolve("t.safetensors");
    String name = "x".repeat(nameLength);
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(file, Map.of(name, Tensors.of(new double[] {-2}, 1)), Map.of());
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    long header = bytes.getLong(0);
    assertThat(header % 8).isZero();
    assertThat(bytes.capacity()).isEqualTo((int) (8 + header + 8));
    assertThat(bytes.getDouble((int) (8 + header))).isEqualTo(-2);
  }

  @Test
  void aFileThatChangesLaterChangesNothingAlreadyRead() throws IOException {
    Path file = folder.resolve("t.safetensors");
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(file, Map.of("x", Tensors.of(new double[] {1, 2}, 2)), Map.of());
      Tensor read;
      try (SafetensorsFile open = SafetensorsFile.open(file)) {
        read = open.tensor("x");
        byte[] bytes = Files.readAllBytes(file);
        java.util.Arrays.fill(bytes, bytes.length - 16, bytes.length, (byte) 0);
        Files.write(file, bytes); // in place: the mapping sees it
      }
      assertThat(read.toDoubles()).containsExactly(1, 2);
    }
  }

  @Test
  void shapeOfATensorIsACopy() {
    Path file = folder.resolve("t.safetensors");
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(file, Map.of("x", Tensors.of(new double[] {1, 2}, 2)), Map.of());
      try (SafetensorsFile open = SafetensorsFile.open(file)) {
        open.shape("x")[0] = 1 << 20;
        assertThat(open.tensor("x").toDoubles()).containsExactly(1, 2);
      }
    }
  }

  @Test
  void absentTensorIsNamedWithItsFile() {
    Path file = folder.resolve("t.safetensors");
    SafetensorsFile.write(file, Map.of(), Map.of());
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      assertThatThrownBy(() -> open.tensor("lost"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessage(file + " has no tensor 'lost'");
    }
  }
}
