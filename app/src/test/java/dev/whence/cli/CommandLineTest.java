package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Json;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.testing.Golden;
import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as a user types them, on a golden folder. */
class CommandLineTest {
  private static final Oracle ORACLE = Oracle.of("gpt2");

  @TempDir private Path folder;

  @Test
  void fitAndAttributeGiveTheGoldenScores() {
    fit("run");
    Outcome attribute = attribute("run", "results", "--all-scores", "--layerwise", "--tokenwise");
    assertThat(attribute.code()).as(attribute.err()).isZero();
    assertThat(attribute.out()).contains("positive: training more on the sequence");
    try (Scope _ = Scope.open();
        SafetensorsFile expected = ORACLE.expected();
        SafetensorsFile scores =
            SafetensorsFile.open(folder.resolve("results/scores.safetensors"))) {
      Golden.assertNear(scores.tensor("influence"), expected, "scores.ekfac", 1e-9);
      Golden.assertNear(scores.tensor("layerwise"), expected, "scores.ekfac.layerwise", 1e-9);
      Golden.assertNear(scores.tensor("tokenwise"), expected, "scores.ekfac.tokenwise", 1e-9);
    }
  }

  @Test
  void topShowsBothSignsAndMarksTokens() {
    fit("run");
    attribute("run", "results");
    Outcome top = Outcome.of("top", path("results"), "--query", "q0", "--count", "3");
    assertThat(top.code()).as(top.err()).isZero();
    assertThat(top.out())
        .contains("q0:", "raised most by", "lowered most by", "[+", "d1")
        .doesNotContain("q1:")
        .doesNotContain("\u001b");
    Outcome json = Outcome.of("top", path("results"), "--json", "--count", "1");
    assertThat(json.out().lines())
        .hasSize(6)
        .allSatisfy(
            line -> assertThat(line).startsWith("{").endsWith("}").contains("\"influence\""));
  }

  @Test
  void inspectSaysWhatAFolderIs() {
    fit("run");
    attribute("run", "results");
    assertThat(Outcome.of("inspect", ORACLE.model().toString()).out())
        .contains("gpt2", "transformer.h.0.mlp.c_fc [128, 33], mlp");
    assertThat(Outcome.of("inspect", path("run")).out()).contains("60 documents", "empirical");
    assertThat(Outcome.of("inspect", path("results")).out()).contains("queries   3", "nats");
    assertThat(Outcome.of("inspect", folder.toString()).code()).isEqualTo(2);
  }

  @Test
  void whatIsMisspeltIsNamedWithWhatWasMeant() {
    // The option that seems to be missing is the one that is misspelt.
    assertMistake(
        "'--otu' is no option of 'whence fit'; did you mean --out?",
        "fit",
        "m",
        "--corpus",
        "c",
        "--otu",
        "r");
    assertMistake("'attribte' is no command of 'whence'; did you mean attribute?", "attribte");
    assertMistake("give --out RUN, --corpus FILE", "fit", "m");
  }

  @Test
  void aQueryThatIsNotThereIsAnsweredWithThoseThatAre() {
    fit("run");
    attribute("run", "results");
    for (String command : new String[] {"top", "sequence"}) {
      assertMistake(
          "has no query 'nobody'; it has q0, q1, q2",
          command,
          path("results"),
          "--query",
          "nobody");
    }
  }

  @Test
  void whatOneMoreCopyChangesIsShownWhereTheTrainingSetIsKnown() {
    fit("run");
    attribute("run", "results");
    assertThat(Outcome.of("top", path("results")).out())
        .contains("influence, nats")
        .doesNotContain("one more copy");
    String shown = Outcome.of("top", path("results"), "--training-sequences", "1").out();
    assertThat(shown).contains("change by one more copy, influence; nats");
    assertMistake("--training-sequences is 0", "top", path("results"), "--training-sequences", "0");
  }

  @Test
  void programsReadProgressAsJson() {
    Outcome fit =
        Outcome.of(
            "fit",
            ORACLE.model().toString(),
            "--corpus",
            ORACLE.corpus().toString(),
            "--out",
            path("run"),
            "--cache",
            path("cache"),
            "--progress",
            "json");
    assertThat(fit.code()).as(fit.err()).isZero();
    assertThat(fit.err().lines())
        .isNotEmpty()
        .allSatisfy(
            line -> assertThat(Json.MAPPER.readTree(line).has("seconds_left")).as(line).isTrue())
        .anySatisfy(
            line -> assertThat(line).contains("\"accumulating covariances\"", "\"ended\":true"));
  }

  @Test
  void withoutACommandItSaysWhatItIsFor() {
    Outcome nothing = Outcome.of();
    assertThat(nothing.code()).isZero();
    assertThat(nothing.out()).contains("which training sequences", "whence quickstart");
  }

  @Test
  void shellsLearnCommandsAndOptions() {
    assertThat(Outcome.of("completion", "bash").out()).contains("_complete_whence", "attribute");
    assertThat(Outcome.of("completion", "zsh").out()).contains("bashcompinit");
    assertThat(Outcome.of("completion", "fish").out())
        .contains("-a attribute -d '", "-l damping-ratio")
        .doesNotContain("%%");
  }

  @Test
  void doctorFindsAHealthyModelHealthy() {
    for (String name : new String[] {"gpt2", "gpt_neox", "llama", "qwen3"}) {
      Outcome doctor = Outcome.of("doctor", Oracle.of(name).model().toString());
      assertThat(doctor.code()).as(doctor.out()).isZero();
      assertThat(doctor.out()).contains("All checks passed").doesNotContain("FAIL");
    }
  }

  @Test
  void staleResultsAreNeverShown() {
    fit("run");
    attribute("run", "results");
    Outcome other = attribute("run", "results", "--damping-ratio", "0.2");
    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err()).contains("--force");
    assertThat(attribute("run", "results", "--damping-ratio", "0.2", "--force").code()).isZero();
    assertThat(Outcome.of("inspect", path("results")).out()).contains("damping-ratio 0.2");
    Outcome refit =
        Outcome.of(
            "fit",
            ORACLE.model().toString(),
            "--corpus",
            ORACLE.corpus().toString(),
            "--out",
            path("run"),
            "--seed",
            "5");
    assertThat(refit.code()).isEqualTo(2);
    assertThat(refit.err()).contains("another model, corpus or setting");
  }

  @Test
  void aMistakeIsOneSentenceAndExitCodeTwo() throws IOException {
    String corpus = ORACLE.corpus().toString();
    assertMistake(
        "nowhere/config.json does not exist",
        "fit",
        path("nowhere"),
        "--corpus",
        corpus,
        "--out",
        path("r"));
    assertMistake(
        "'--nonsense' is no option of 'whence fit'",
        "fit",
        "m",
        "--corpus",
        "c",
        "--out",
        "r",
        "--nonsense");
    assertMistake(
        "nowhere does not exist; make a run folder with 'whence fit'",
        "attribute",
        path("nowhere"),
        "--corpus",
        corpus,
        "--out",
        path("y"));
    assertMistake("make a results folder with 'whence attribute'", "top", path("nowhere"));
    Files.writeString(folder.resolve("broken.jsonl"), "{\"tokens\": [1, 2\n");
    assertMistake(
        "broken.jsonl",
        "fit",
        ORACLE.model().toString(),
        "--corpus",
        path("broken.jsonl"),
        "--out",
        path("r"));
    assertMistake(
        "--damping-ratio",
        "attribute",
        path("run"),
        "--corpus",
        "x",
        "--out",
        "y",
        "--damping-ratio",
        "-1");
    fit("run");
    assertMistake(
        "diagonal",
        "attribute",
        path("run"),
        "--queries",
        ORACLE.queries().toString(),
        "--corpus",
        ORACLE.corpus().toString(),
        "--out",
        path("d"),
        "--curvature",
        "diagonal");
    assertThat(folder.resolve("d")).doesNotExist();
  }

  @Test
  void mistakesAreFoundBeforeWork() throws IOException {
    fit("run");
    assertThat(
            Outcome.of(
                    "search",
                    "index",
                    "--model",
                    ORACLE.model().toString(),
                    "--corpus",
                    ORACLE.corpus().toString(),
                    "--out",
                    path("lexical"))
                .code())
        .isZero();
    Files.writeString(folder.resolve("bad.jsonl"), "{\"id\": \"q\", \"completion\": 5}\n");
    Files.writeString(folder.resolve("cut.jsonl"), "{");
    String model = ORACLE.model().toString();
    // The corpus cannot be read, which is seen only when it is: after what costs nothing.
    assertMistake(
        "run is there already and is a run folder, not a results folder; choose another --out",
        "attribute",
        path("run"),
        "--corpus",
        path("cut.jsonl"),
        "--out",
        path("run"));
    assertMistake(
        "bad.jsonl",
        "attribute",
        path("run"),
        "--queries",
        path("bad.jsonl"),
        "--corpus",
        path("cut.jsonl"),
        "--out",
        path("results"));
    assertMistake(
        "bad.jsonl",
        "search",
        "query",
        path("lexical"),
        "--model",
        model,
        "--queries",
        path("bad.jsonl"),
        "--corpus",
        path("cut.jsonl"));
    // A mistake about --out is not answered by how to make what it is to become.
    assertMistake(
        folder + " is there already and is not a run folder (it has no manifest.json)",
        "fit",
        model,
        "--corpus",
        path("cut.jsonl"),
        "--out",
        folder.toString());
    assertMistake(
        "missing.jsonl does not exist",
        "fit",
        path("nowhere"),
        "--corpus",
        path("missing.jsonl"),
        "--out",
        path("r"));
  }

  private static void assertMistake(String message, String... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(message).doesNotContain("\tat ");
  }

  /** DuckDB would read a name as a pattern, and a folder's as a column. */
  @Test
  void resultsMayLieBelowAnyName() throws IOException {
    fit("run");
    String plain = path("plain");
    assertThat(attribute("run", "plain").code()).isZero();
    String top = Outcome.of("top", plain).out();
    for (String name : List.of("rank=32/out", "a[1]/b*", "it's")) {
      Path out = folder.resolve(name);
      Files.createDirectories(Objects.requireNonNull(out.getParent()));
      assertThat(attribute("run", name).code()).as(name).isZero();
      assertThat(Outcome.of("top", out.toString()).out().replace(out.toString(), plain))
          .isEqualTo(top);
      assertThat(Outcome.of("report", out.toString(), "--out", path("report.html")).code())
          .as(name)
          .isZero();
    }
  }

  @Test
  void trainMakesAModelThatCanBeTrainedFurther() {
    train("first", "--config", ORACLE.model().resolve("config.json").toString());
    assertThat(folder.resolve("first/training.json")).content().contains("held_out_loss");
    assertThat(Outcome.of("inspect", path("first")).code()).isZero();
    train("second", "--from", path("first"));
    Outcome again =
        Outcome.of(
            "train",
            "--from",
            path("first"),
            "--corpus",
            ORACLE.corpus().toString(),
            "--out",
            path("second"),
            "--sequence-length",
            "64");
    assertThat(again.err()).contains("holds a model already");
    assertThat(again.code()).isEqualTo(2);
  }

  private void train(String out, String start, String from) {
    Outcome train =
        Outcome.of(
            "train",
            start,
            from,
            "--corpus",
            ORACLE.corpus().toString(),
            "--cache",
            path("cache"),
            "--out",
            path(out),
            "--sequence-length",
            "64",
            "--epochs",
            "2");
    assertThat(train.code()).as(train.err()).isZero();
    assertThat(train.out()).contains("held-out loss");
  }

  @Test
  void helpHasAnExampleForEachCommand() {
    for (String command :
        new String[] {"fit", "attribute", "top", "inspect", "doctor", "train", "dictionary"}) {
      Outcome help = Outcome.of(command, "--help");
      assertThat(help.code()).isZero();
      assertThat(help.out()).as(command).contains("Example: whence " + command);
    }
  }

  private void fit(String out) {
    Outcome fit =
        Outcome.of(
            "fit", ORACLE.model().toString(),
            "--corpus", ORACLE.corpus().toString(),
            "--out", path(out),
            "--cache", path("cache"),
            "--fisher", "empirical",
            "--dtype", "float64",
            "--batch-tokens", "700");
    assertThat(fit.code()).as(fit.err()).isZero();
  }

  private Outcome attribute(String run, String out, String... more) {
    String[] fixed = {
      "attribute", path(run),
      "--queries", ORACLE.queries().toString(),
      "--corpus", ORACLE.corpus().toString(),
      "--cache", path("cache"),
      "--out", path(out)
    };
    String[] all = java.util.Arrays.copyOf(fixed, fixed.length + more.length);
    System.arraycopy(more, 0, all, fixed.length, more.length);
    return Outcome.of(all);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
