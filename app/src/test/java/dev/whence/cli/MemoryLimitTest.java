package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process stays within {@code --memory}, by taking layers and queries in turn. */
class MemoryLimitTest {
  private static final int LENGTH = 64;

  /** As the launcher sets it: freed memory stays with the process. */
  private static final Map<String, String> LAUNCHER =
      Map.of(
          "MALLOC_ARENA_MAX", "1",
          "MALLOC_MMAP_MAX_", "0",
          "MALLOC_TRIM_THRESHOLD_", "17179869184");

  @TempDir private Path folder;

  @BeforeEach
  void model() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Path config = model.resolve(LanguageModel.CONFIG_FILE);
    Files.writeString(
        config,
        """
        {"model_type": "gpt2", "n_embd": 256, "n_head": 4, "n_layer": 8, "vocab_size": 2000,
         "n_positions": 64}
        """);
    try (LanguageModel random = LanguageModel.random(config, 1, DType.FLOAT32, Device.CPU)) {
      random.saveWeights(model);
    }
    Random random = new Random(1);
    List<String> corpus = new ArrayList<>();
    List<String> queries = new ArrayList<>();
    for (int i = 0; i < 36; i++) {
      corpus.add("{\"tokens\": " + tokens(random, LENGTH) + "}");
      queries.add(
          "{\"id\": \"q%d\", \"prompt_tokens\": [1], \"completion_tokens\": %s}"
              .formatted(i, tokens(random, 20)));
    }
    Files.write(folder.resolve("corpus.jsonl"), corpus);
    Files.write(folder.resolve("queries.jsonl"), queries);
  }

  private static String tokens(Random random, int count) {
    return random.ints(count, 0, 2000).boxed().toList().toString();
  }

  @Test
  void aFitAndAnAttributionStayWithinTheirMemory() throws Exception {
    long fitPeak = fit("plenty", "8g");
    long attributePeak = attribute("plenty", "results-plenty", "8g");
    int limit = 800;
    assertThat(fitPeak).as("without a limit it would take more").isGreaterThan(limit << 20);
    assertThat(attributePeak).as("the same").isGreaterThan(limit << 20);

    assertThat(fit("little", limit + "m")).isLessThanOrEqualTo(limit << 20);
    assertThat(log()).contains("layers-");
    assertThat(attribute("plenty", "results-little", limit + "m")).isLessThanOrEqualTo(limit << 20);
    assertThat(log()).contains(" parts, as 800 MiB of memory allow");
    assertThat(
            Outcome.of("top", folder.resolve("results-little").toString(), "--query", "q7").out())
        .as("the same sequences on top")
        .isEqualTo(
            Outcome.of("top", folder.resolve("results-plenty").toString(), "--query", "q7").out());
  }

  private long fit(String out, String memory) throws Exception {
    return peak(
        "fit",
        folder.resolve("model").toString(),
        "--corpus",
        folder.resolve("corpus.jsonl").toString(),
        "--out",
        folder.resolve(out).toString(),
        "--curvature",
        "ekfac,diagonal",
        "--batch-tokens",
        "512",
        "--memory",
        memory);
  }

  private long attribute(String run, String out, String memory) throws Exception {
    return peak(
        "attribute", folder.resolve(run).toString(),
        "--queries", folder.resolve("queries.jsonl").toString(),
        "--corpus", folder.resolve("corpus.jsonl").toString(),
        "--out", folder.resolve(out).toString(),
        "--top", "5",
        "--batch-tokens", "512",
        "--memory", memory);
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  /** The most memory that a command held, in bytes. */
  private long peak(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--cache", folder.resolve("cache").toString()));
    Process process = LongJob.whence(folder.resolve("log"), LAUNCHER, all);
    long peak = 0;
    do {
      peak = Math.max(peak, highWaterMark(process)); // it only grows: the last look is the peak
    } while (!process.waitFor(20, TimeUnit.MILLISECONDS));
    assertThat(process.exitValue()).as(log()).isZero();
    return peak;
  }

  private static long highWaterMark(Process process) {
    try {
      return ProcessMemory.bytes("" + process.pid(), "VmHWM");
    } catch (IOException e) {
      return 0; // it has ended
    }
  }
}
