package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Json;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class PlanCommandTest {
  private static final Oracle ORACLE = Oracle.of("llama");

  @TempDir private Path folder;

  private Outcome plan(String... more) {
    List<String> all = new ArrayList<>(List.of("plan", ORACLE.model().toString()));
    all.addAll(List.of(more));
    return Outcome.of(all.toArray(String[]::new));
  }

  private Outcome planOfCorpus(String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--corpus", ORACLE.corpus().toString(),
                "--cache", folder.resolve("cache").toString(),
                "--queries", ORACLE.queries().toString()));
    all.addAll(List.of(more));
    return plan(all.toArray(String[]::new));
  }

  @Test
  void aPlanHasStagesSpaceAndLayers() {
    Outcome plan = planOfCorpus("--rank", "4");
    assertThat(plan.code()).as(plan.err()).isZero();
    assertThat(plan.out())
        .contains("accumulating covariances", "60 sequences", "scanning", "memory", "disk")
        .contains("model.layers.*.mlp.down_proj (2)")
        .doesNotContain("model.layers.1")
        .contains("share one activation covariance");
  }

  @Test
  void eachLayerHasALineWhereThatIsAskedFor() {
    assertThat(planOfCorpus("--per-layer").out())
        .contains("model.layers.0.mlp.down_proj", "model.layers.1.mlp.down_proj")
        .doesNotContain("model.layers.*");
  }

  @Test
  void theJsonHasTheWholePlan() {
    Outcome plan = planOfCorpus("--json");
    assertThat(plan.code()).as(plan.err()).isZero();
    JsonNode root = Json.MAPPER.readTree(plan.out());
    assertThat(root.path("machine").path("products").asDouble()).isPositive();
    assertThat(root.path("fit").path("layers").size()).isEqualTo(6);
    assertThat(root.path("attribution").path("phases").size()).isEqualTo(3);
    assertThat(root.path("fit").path("run_bytes").asDouble()).isPositive();
  }

  @Test
  void aConfigAloneIsEnough() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.copy(ORACLE.model().resolve("config.json"), model.resolve("config.json"));
    Outcome plan =
        Outcome.of(
            "plan",
            model.toString(),
            "--sequences",
            "1000000",
            "--sequence-length",
            "20",
            "--query-count",
            "100",
            "--query-tokens",
            "10");
    assertThat(plan.code()).as(plan.err()).isZero();
    assertThat(plan.out()).contains("1,000,000 sequences", "100 queries");
  }

  @Test
  void whatCannotBePlannedIsSaid() {
    assertThat(plan().code()).isEqualTo(2);
    assertThat(plan("--sequences", "10", "--sequence-length", "20", "--memory", "10m").err())
        .contains("--memory is 10 MiB");
    assertThat(plan("--sequences", "10", "--sequence-length", "100000").err())
        .contains("--sequence-length");
    assertThat(planOfCorpus("--candidates", "-1").err()).contains("--candidates is -1");
    assertThat(plan("--sequences", "0", "--sequence-length", "20").err()).contains("--sequences");
  }
}
