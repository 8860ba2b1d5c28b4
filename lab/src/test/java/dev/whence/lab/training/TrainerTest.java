package dev.whence.lab.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Tokenization;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  @TempDir private Path folder;
  private Path config = Path.of("");

  @BeforeEach
  void writeConfig() {
    config = Oracle.of("llama").model().resolve("config.json");
  }

  @Test
  void theLossFalls() {
    List<Trainer.Report> reports = new ArrayList<>();
    train(settings(30, 0), folder.resolve("a"), Progress.NONE, reports);
    double first = reports.getFirst().loss();
    double last = reports.stream().filter(r -> !r.heldOut()).toList().getLast().loss();
    assertThat(first)
        .as("the loss of guessing")
        .isCloseTo(Math.log(128), org.assertj.core.data.Offset.offset(0.3));
    assertThat(last).as("the corpus can be learnt by heart").isLessThan(0.7 * first);
  }

  @Test
  void aRunThatWasCutOffEndsWithTheSameWeights() throws IOException {
    byte[] whole = train(settings(3, 0), folder.resolve("whole"), Progress.NONE, new ArrayList<>());
    for (int cut : new int[] {1, 4, 7}) {
      Path target = folder.resolve("cut" + cut);
      assertThatThrownBy(() -> train(settings(3, 0), target, failAfter(cut), new ArrayList<>()))
          .hasMessage("cut off");
      assertThat(target.resolve("checkpoint.safetensors")).exists();
      assertThat(train(settings(3, 0), target, Progress.NONE, new ArrayList<>()))
          .as("cut after %d steps", cut)
          .isEqualTo(whole);
      assertThat(target.resolve("checkpoint.safetensors")).doesNotExist();
    }
  }

  @Test
  void theSeedDecidesTheWeights() {
    byte[] first = train(settings(1, 0), folder.resolve("a"), Progress.NONE, new ArrayList<>());
    byte[] same = train(settings(1, 0), folder.resolve("b"), Progress.NONE, new ArrayList<>());
    byte[] other = train(settings(1, 1), folder.resolve("c"), Progress.NONE, new ArrayList<>());
    assertThat(same).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
  }

  @Test
  void aCheckpointOfOtherSettingsIsRefused() {
    Path target = folder.resolve("run");
    assertThatThrownBy(() -> train(settings(3, 0), target, failAfter(4), new ArrayList<>()))
        .hasMessage("cut off");
    assertThatThrownBy(() -> train(settings(2, 0), target, Progress.NONE, new ArrayList<>()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("checkpoint.safetensors")
        .hasMessageContaining("other settings");
  }

  @Test
  void theRateRisesThenFalls() {
    TrainingSettings settings = settings(10, 0);
    assertThat(settings.rate(0, 1000)).isLessThan(settings.learningRate() / 50);
    assertThat(settings.rate(100, 1000)).isEqualTo(settings.learningRate());
    assertThat(settings.rate(999, 1000))
        .isCloseTo(
            0.05 * settings.learningRate(), org.assertj.core.data.Percentage.withPercentage(1));
    assertThat(settings.rate(1200, 1000)).isLessThanOrEqualTo(settings.rate(999, 1000));
  }

  @Test
  void everySequenceIsTrainedOnOnceAnEpochAndHeldOutOnesNever() {
    try (Corpus corpus = corpus()) {
      TrainingOrder order = new TrainingOrder(corpus, 200, 0.1, 5);
      List<Long> heldOut = flat(order.heldOut());
      assertThat(heldOut).hasSize(6).doesNotHaveDuplicates();
      List<Long> first = flat(order.epoch(0));
      assertThat(first).hasSize(54).doesNotHaveDuplicates().doesNotContainAnyElementsOf(heldOut);
      assertThat(flat(order.epoch(1))).as("another order").isNotEqualTo(first);
      assertThat(flat(order.epoch(1))).containsExactlyInAnyOrderElementsOf(first);
    }
  }

  private static List<Long> flat(List<long[]> batches) {
    List<Long> all = new ArrayList<>();
    batches.forEach(batch -> java.util.Arrays.stream(batch).forEach(all::add));
    return all;
  }

  private static TrainingSettings settings(int epochs, long seed) {
    return new TrainingSettings(
        32, epochs, 500, 0.01, 0.1, 0.05, 0.1, 1, 0.1, seed, DType.FLOAT32, Device.CPU, 0);
  }

  private Corpus corpus() {
    return Corpus.open(
        CorpusSource.of(Oracle.of("llama").corpus()),
        new Tokenization(Optional.empty(), 32, 128),
        folder.resolve("cache"),
        Progress.NONE);
  }

  /** Trains from a random start and returns the weights as saved. */
  private byte[] train(
      TrainingSettings settings, Path out, Progress progress, List<Trainer.Report> reports) {
    try {
      Files.createDirectories(out);
      try (LanguageModel model =
              LanguageModel.random(config, settings.seed(), DType.FLOAT32, Device.CPU);
          Corpus corpus = corpus();
          Trainer trainer = new Trainer(model, corpus, settings, "random", out)) {
        trainer.run(progress, reports::add);
        model.saveWeights(out);
        trainer.finish();
      }
      return Files.readAllBytes(out.resolve("model.safetensors"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Progress that fails after some steps of training, as a killed process would. */
  private static Progress failAfter(int steps) {
    return (what, _, _) -> {
      int[] left = {steps};
      return amount -> {
        if (what.equals("training") && amount > 0 && left[0]-- == 0) {
          throw new IllegalStateException("cut off");
        }
      };
    };
  }
}
