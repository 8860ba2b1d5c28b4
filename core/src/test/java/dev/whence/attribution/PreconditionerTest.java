package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.run.FactorsFile;
import dev.whence.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreconditionerTest {
  @TempDir private Path folder;

  /** To hash all factors for every chunk of a scan in parts took as long as the chunk. */
  @Test
  void factorFilesAreHashedWhenTheyAreLoadedFirstAndNotAgain() throws IOException {
    try (Bench bench = Bench.open(folder);
        Scope _ = Scope.open()) {
      Preconditioner preconditioner = preconditioner(bench);
      Range all = new Range(0, Bench.LAYERS.size());
      preconditioner.curvatures(all).close();
      Path file = FactorsFile.path(bench.run().path(), Bench.LAYERS.getFirst());
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 1] ^= 1; // a value, which only the hash can tell
      Files.write(file, bytes);
      preconditioner.curvatures(all).close();

      Preconditioner another = preconditioner(bench);
      for (int attempt = 0; attempt < 2; attempt++) { // what was refused once is not taken then
        assertThatThrownBy(() -> another.curvatures(all).close())
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining(file.toString());
      }
      assertThat(another.verified()).doesNotContain(Bench.LAYERS.getFirst());
    }
  }

  private static Preconditioner preconditioner(Bench bench) {
    return Preconditioner.of(bench.run(), bench.model(), CurvatureKind.EKFAC, Damping.DEFAULT);
  }
}
