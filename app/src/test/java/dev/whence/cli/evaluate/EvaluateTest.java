package dev.whence.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Json;
import dev.whence.cli.Outcome;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The evaluations as a user runs them, on small data made here. */
class EvaluateTest {
  private static final long SEED = 1;
  private static final int SIDE = 8;

  @TempDir private Path folder;

  @BeforeEach
  void install() throws IOException {
    System.setProperty("whence.home", Path.of("..").toAbsolutePath().normalize().toString());
    Random random = new Random(SEED);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      double x = random.nextGaussian();
      double y = random.nextGaussian();
      rows.add(
          String.format(Locale.ROOT, "%f %f %f", x, y, x * y + x + 0.1 * random.nextGaussian()));
    }
    Files.write(folder.resolve("concrete.txt"), rows);
    images("train", 150, random);
    images("t10k", 20, random);
  }

  /** Bars whose place tells the class. */
  private void images(String prefix, int count, Random random) throws IOException {
    byte[] pixels = new byte[count * SIDE * SIDE];
    byte[] labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) random.nextInt(10);
      for (int p = 0; p < SIDE * SIDE; p++) {
        boolean bar = p % SIDE == labels[i] % SIDE && (labels[i] < SIDE) == (p / SIDE < 4);
        pixels[i * SIDE * SIDE + p] = (byte) (random.nextInt(40) + (bar ? 200 : 0));
      }
    }
    idx(prefix + "-images-idx3-ubyte.gz", 0x803, pixels, count, SIDE, SIDE);
    idx(prefix + "-labels-idx1-ubyte.gz", 0x801, labels, count);
  }

  private void idx(String name, int magic, byte[] content, int... sizes) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(folder.resolve(name))))) {
      out.writeInt(magic);
      for (int size : sizes) {
        out.writeInt(size);
      }
      out.write(content);
    }
  }

  @AfterEach
  void uninstall() {
    System.clearProperty("whence.home");
  }

  @Test
  void allOfThemRunQuicklyAndSayWhatTheyAreMadeOf() throws IOException {
    Path out = folder.resolve("out");
    Outcome all =
        Outcome.of(
            "evaluate",
            "--all",
            "--quick",
            "--out",
            out.toString(),
            "--data",
            folder.toString(),
            "--images",
            folder.toString());
    assertThat(all.code()).as(all.err()).isZero();
    assertThat(all.out())
        .contains("left out energy", "left out resnet")
        .contains("$ whence evaluate pbrf --quick")
        .contains(
            "| ekfac |",
            "| lissa |",
            "| refined |",
            "| gradient-cosine |",
            "| bm25 plain |",
            "| bm25 | 20 |");
    assertThat(out.resolve("pbrf-concrete.svg")).content().contains("ekfac", "<circle");
    JsonNode pbrf = Json.MAPPER.readTree(Files.readAllBytes(out.resolve("pbrf.json")));
    assertThat(pbrf.get("arguments").toString()).contains("--quick");
    assertThat(pbrf.get("results")).hasSize(3);
    JsonNode concrete = pbrf.get("results").get(0);
    assertThat(concrete.get("task").asString()).startsWith("concrete");
    assertThat(concrete.get("conditions").get("recipe").asString()).contains("layers [128x");
    Map<String, Double> pearson = new HashMap<>();
    for (JsonNode result : concrete.get("results")) {
      pearson.put(
          result.get("method").asString(),
          result.get("agreement").get("pearson").get("mean").asDouble());
    }
    assertThat(pearson)
        .containsOnlyKeys("identity", "diagonal", "kfac", "ekfac", "lissa", "cg", "refined");
    assertThat(pearson.get("refined")).isGreaterThan(0.9).isGreaterThan(pearson.get("ekfac"));
    assertThat(pearson.get("cg")).isGreaterThan(pearson.get("ekfac"));
    for (JsonNode task : pbrf.get("results")) {
      assertThat(task.get("failures")).as(task.get("task").asString()).isEmpty();
    }
    for (String name : List.of("lds", "removal", "mislabelled", "recall", "filter")) {
      assertThat(out.resolve(name + ".json")).as(name).exists();
    }
    assertThat(out.resolve("bank")).isDirectoryContaining("glob:**/concrete.json");
  }

  /** Where the response and the exact influence are both computed to the end, they are the same. */
  @Test
  void newtonStepsByTheExactInverseFindTheResponseThatTheExactInfluencePredicts()
      throws IOException {
    Path json = folder.resolve("pbrf.json");
    Outcome pbrf =
        Outcome.of(
            "evaluate",
            "pbrf",
            "--quick",
            "--task",
            "concrete,fashion",
            "--data",
            folder.toString(),
            "--images",
            folder.toString(),
            "--newton",
            "exact",
            "--epsilon",
            "0.0001",
            "--method",
            "ekfac,exact",
            "--json",
            json.toString());
    assertThat(pbrf.code()).as(pbrf.err()).isZero();
    for (JsonNode task : Json.MAPPER.readTree(Files.readAllBytes(json)).get("results")) {
      assertThat(task.get("convergence").get("worst_gradient").asDouble()).isLessThan(0.01);
      assertThat(task.get("convergence").get("steps").asLong())
          .as("Adam had nothing left")
          .isZero();
      JsonNode exact = task.get("results").get(1);
      assertThat(exact.get("residual").asDouble()).isLessThan(1e-6);
      assertThat(exact.get("agreement").get("pearson").get("mean").asDouble())
          .as(task.get("task").asString())
          .isGreaterThan(0.99);
    }
  }

  @Test
  void severalModelsAndOutputsAreTaken() {
    Outcome lds =
        Outcome.of(
            "evaluate",
            "lds",
            "--quick",
            "--task",
            "concrete",
            "--data",
            folder.toString(),
            "--bank",
            folder.resolve("bank").toString(),
            "--models",
            "2",
            "--measure",
            "output",
            "--epochs",
            "5",
            "--method",
            "ekfac");
    assertThat(lds.code()).as(lds.err()).isZero();
    assertThat(lds.out()).contains("influences of 2 models", "| ekfac |");
    assertThat(folder.resolve("bank/concrete.json")).content().contains(", output");
  }

  @Test
  void unusableRequestsAreRefusedInOneSentence() {
    Outcome energy =
        Outcome.of("evaluate", "pbrf", "--task", "energy", "--data", folder.toString());
    assertThat(energy.code()).isEqualTo(2);
    assertThat(energy.err()).contains("energy.csv").hasLineCount(1);
    Outcome removal = Outcome.of("evaluate", "removal", "--task", "resnet");
    assertThat(removal.code()).isEqualTo(2);
    assertThat(removal.err())
        .contains("--task resnet is not among [concrete, fashion, dictionary]");
    Outcome output = Outcome.of("evaluate", "lds", "--task", "fashion", "--measure", "output");
    assertThat(output.code()).isEqualTo(2);
    assertThat(output.err()).contains("--measure output is for tables").hasLineCount(1);
    Outcome newton =
        Outcome.of(
            "evaluate",
            "pbrf",
            "--task",
            "concrete",
            "--data",
            folder.toString(),
            "--newton",
            "all");
    assertThat(newton.code()).isEqualTo(2);
    assertThat(newton.err()).contains("--newton is 'all'").hasLineCount(1);
    assertThat(Outcome.of("evaluate", "--quick").code()).isEqualTo(2);
  }

  /** Whatever is installed: options are checked before data are looked for. */
  @Test
  void unusableNumbersAreRefusedWithAndWithoutTheData() {
    for (String images : List.of(folder.toString(), folder.resolve("nowhere").toString())) {
      refused("--wrong is 2.0", "mislabelled", "--wrong", "2", "--images", images);
      refused("--draws is 0", "mislabelled", "--draws", "0", "--images", images);
      refused("--seeds is 0", "removal", "--seeds", "0", "--images", images);
      refused("--remove is -1", "removal", "--remove", "-1", "--images", images);
      refused("--subsets is 1", "lds", "--subsets", "1", "--images", images);
      refused("--sample is 1", "pbrf", "--sample", "1", "--images", images);
      refused("--damping is -1.0", "pbrf", "--damping", "-1", "--images", images);
    }
  }

  @Test
  void aSingleEvaluationWithoutItsDataIsAnErrorThatSaysWhatIsMissing() {
    Path nowhere = folder.resolve("nowhere");
    refused(nowhere.toString(), "mislabelled", "--images", nowhere.toString());
  }

  private static void refused(String message, String... arguments) {
    Outcome outcome =
        Outcome.of(
            Stream.concat(Stream.of("evaluate"), Arrays.stream(arguments)).toArray(String[]::new));
    assertThat(outcome.code()).as(String.join(" ", arguments)).isEqualTo(2);
    assertThat(outcome.err()).contains(message).hasLineCount(1);
  }

  /** Under three minutes; a part of the dictionary, in which the strongest are harder to find. */
  @Test
  void indexFindsMoreThanOtherWaysToKeepGradientsOfItsSize() {
    Outcome quick = Outcome.of("evaluate", "index", "--quick");
    assertThat(quick.code()).as(quick.err()).isZero();
    String last = quick.out().lines().toList().getLast();
    assertThat(last).matches("recall@10 0\\.\\d\\d bytes \\d+");
    String[] words = last.split(" ", -1);
    assertThat(Double.parseDouble(words[1])).isGreaterThan(0.7);
    assertThat(Integer.parseInt(words[3])).isLessThanOrEqualTo(1_024);
    for (String other : List.of("largest Lambda, signs", "Hadamard", "as LoGra", "BM25")) {
      String row =
          quick.out().lines().filter(line -> line.contains(other)).findFirst().orElseThrow();
      double found = Double.parseDouble(row.split("\\|", -1)[4].strip());
      assertThat(found).as(other).isLessThan(Double.parseDouble(words[1]));
    }
    assertThat(Outcome.of("evaluate", "index").err()).contains("give RUN and --corpus, or --quick");
  }
}
