package dev.whence.model;

import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.testing.Golden;
import dev.whence.testing.Oracle;
import dev.whence.trace.TokenBatch;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LanguageModelTest {
  @ParameterizedTest
  @MethodSource("dev.whence.testing.Oracle#names")
  void logitsAndLossesAreTheGoldenOnes(String name) {
    logitsAndLosses(name, DType.FLOAT64, 1e-12);
    logitsAndLosses(name, DType.FLOAT32, 1e-4);
  }

  private static void logitsAndLosses(String name, DType type, double tolerance) {
    Oracle oracle = Oracle.of(name);
    try (Scope _ = Scope.open();
        LanguageModel model = LanguageModel.load(oracle.model(), type, Device.CPU);
        SafetensorsFile expected = oracle.expected()) {
      List<TokenBatch.Row> rows =
          oracle.sequences().stream().map(s -> TokenBatch.Row.whole(s, 0)).toList();
      TokenBatch batch = TokenBatch.of(rows, Device.CPU);
      Tensor logits = model.logits(batch.inputs(), Tap.NONE);
      Golden.assertNear(logits.narrow(0, 0, 4), expected, "logits", tolerance);
      Tensor loss = batch.logProbabilities(logits).sum(1).negate();
      Golden.assertNear(loss, expected, "loss", tolerance);
    }
  }
}
