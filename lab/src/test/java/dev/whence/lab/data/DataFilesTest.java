package dev.whence.lab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataFilesTest {
  @TempDir private Path folder;

  @Test
  void aTableIsSplitAndStandardised() throws IOException {
    Path file = folder.resolve("t.txt");
    Files.writeString(
        file,
        IntStream.range(0, 40)
            .mapToObj(i -> i + " \t" + i * i + ", " + (3 * i + 1))
            .collect(Collectors.joining("\n")));
    NumericTable table = NumericTable.read(file);
    assertThat(table.rows()).hasDimensions(40, 3);
    try (Scope _ = Scope.open();
        NumericTable.Split split = table.split(0.1, 1, DType.FLOAT64);
        NumericTable.Split again = table.split(0.1, 1, DType.FLOAT64)) {
      assertThat(split.test().size()).isEqualTo(4);
      assertThat(split.training().size()).isEqualTo(36);
      double[] targets = split.training().targets().toDoubles();
      assertThat(Arrays.stream(targets).sum()).isCloseTo(0, within(1e-10));
      assertThat(Arrays.stream(targets).map(t -> t * t).sum()).isCloseTo(36, within(1e-9));
      assertThat(again.training().features().toDoubles())
          .isEqualTo(split.training().features().toDoubles());
    }
  }

  @ParameterizedTest
  @CsvSource({"1 2 x,is not a row", "1 2,has 2 numbers", "1 NaN 3,is not a row"})
  void aBadRowIsNamed(String row, String message) throws IOException {
    Path file = folder.resolve("t.txt");
    Files.writeString(file, "1 2 3\n".repeat(11) + row + "\n");
    assertThatThrownBy(() -> NumericTable.read(file))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("t.txt:12")
        .hasMessageContaining(message);
  }

  private void write(String name, int magic, byte[] content, int... sizes) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(bytes))) {
      out.writeInt(magic);
      for (int size : sizes) {
        out.writeInt(size);
      }
      out.write(content);
    }
    Files.write(folder.resolve(name), bytes.toByteArray());
  }

  @Test
  void imagesAreRead() throws IOException {
    write("train-images-idx3-ubyte.gz", 0x803, new byte[] {0, 1, 2, 3, -1, 5, 6, 7}, 2, 2, 2);
    write("train-labels-idx1-ubyte.gz", 0x801, new byte[] {4, 9}, 2);
    IdxImages images = IdxImages.training(folder);
    assertThat(images.side()).isEqualTo(2);
    try (Scope _ = Scope.open();
        Dataset data = images.first(5, DType.FLOAT32)) {
      assertThat(data.size()).isEqualTo(2);
      assertThat(data.targets().toLongs()).containsExactly(4, 9);
      assertThat(data.features().toFloats()[4]).isCloseTo((1 - 0.286f) / 0.353f, within(1e-6f));
    }
  }

  @Test
  void brokenImagesAreNamed() throws IOException {
    assertThatThrownBy(() -> IdxImages.training(folder))
        .hasMessageContaining("dataset-fashion-mnist");
    write("train-labels-idx1-ubyte.gz", 0x801, new byte[] {4, 9}, 2);
    write("train-images-idx3-ubyte.gz", 0x803, new byte[] {0, 1, 2}, 2, 2, 2);
    assertThatThrownBy(() -> IdxImages.training(folder)).hasMessageContaining("cut off");
    write("train-images-idx3-ubyte.gz", 0x999, new byte[8], 2, 2, 2);
    assertThatThrownBy(() -> IdxImages.training(folder)).hasMessageContaining("not an IDX file");
    write("train-images-idx3-ubyte.gz", 0x803, new byte[4], 1, 2, 2);
    assertThatThrownBy(() -> IdxImages.training(folder)).hasMessageContaining("differ");
    Files.writeString(folder.resolve("train-images-idx3-ubyte.gz"), "no gzip");
    assertThatThrownBy(() -> IdxImages.training(folder))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("train-images");
  }
}
