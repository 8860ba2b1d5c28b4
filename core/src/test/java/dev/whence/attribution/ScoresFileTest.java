package dev.whence.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.corpus.Selection;
import dev.whence.influence.InfluenceScan.Scores;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoresFileTest {
  private static final int QUERIES = 64;
  private static final int LONGEST = 4096;
  private static final int SEQUENCES = 100;

  @TempDir private Path folder;

  /** A chunk's scores of many queries at long sequences: 100 MB, of which the heap sees part. */
  @Test
  void whatWaitsToBeWrittenIsBounded() {
    Path path = folder.resolve("scores.safetensors");
    ScoresFile.Shape shape =
        new ScoresFile.Shape(
            QUERIES, Selection.all(SEQUENCES), 0, LONGEST, false, false, DType.FLOAT32);
    long most = 0;
    try (ScoresFile scores = ScoresFile.open(path, shape)) {
      for (int place = 0; place < SEQUENCES; place++) {
        try (Scope _ = Scope.open()) {
          scores.add(new long[] {place}, scores(place, LONGEST));
        }
        most = Math.max(most, scores.pendingBytes());
      }
      assertThat(most).isBetween(32L << 20, 64L << 20);
      scores.flush();
    }
    assertThat(query(path, 7)).isEqualTo(expected(7, LONGEST));
  }

  @Test
  void shortSequencesWaitWithoutTheirPadding() {
    Path path = folder.resolve("scores.safetensors");
    ScoresFile.Shape shape =
        new ScoresFile.Shape(
            QUERIES, Selection.all(SEQUENCES), 0, LONGEST, false, false, DType.FLOAT32);
    int length = 3;
    try (ScoresFile scores = ScoresFile.open(path, shape);
        Scope _ = Scope.open()) {
      for (int place = SEQUENCES - 1; place >= 0; place--) {
        scores.add(new long[] {place}, scores(place, length));
      }
      assertThat(scores.pendingBytes())
          .isEqualTo((long) SEQUENCES * QUERIES * (length + 1) * Float.BYTES);
      scores.flush();
    }
    assertThat(query(path, 63)).isEqualTo(expected(63, length));
  }

  /** Every score of a query and a sequence is a number of its own. */
  private static Scores scores(int place, int length) {
    float[] tokenwise = new float[QUERIES * length];
    float[] whole = new float[QUERIES];
    for (int q = 0; q < QUERIES; q++) {
      whole[q] = q;
      Arrays.fill(tokenwise, q * length, (q + 1) * length, score(q, place));
    }
    return new Scores(
        Optional.of(Tensors.of(whole, 1, QUERIES)),
        Optional.empty(),
        Optional.of(Tensors.of(tokenwise, 1, QUERIES, length)),
        Optional.empty());
  }

  private static float score(int query, int place) {
    return 1000 * query + place + 1;
  }

  private static double[] query(Path path, int query) {
    try (Scope _ = Scope.open();
        SafetensorsFile file = SafetensorsFile.open(path)) {
      return file.tensor("tokenwise").select(0, query).toDoubles();
    }
  }

  private static double[] expected(int query, int length) {
    double[] all = new double[SEQUENCES * LONGEST];
    for (int place = 0; place < SEQUENCES; place++) {
      Arrays.fill(all, place * LONGEST, place * LONGEST + length, score(query, place));
    }
    return all;
  }
}
