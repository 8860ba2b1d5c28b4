package dev.whence.cli.evaluate;

import dev.whence.InvalidInputException;
import dev.whence.cli.HomeFolder;
import dev.whence.cli.Whence;
import dev.whence.cli.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Evaluations of the method, one by one or all of them. */
@Command(
    name = "evaluate",
    description =
        "Measure whether influences are worth believing: each evaluation by itself, or all of them.",
    footer = {
      "",
      "Example: whence evaluate --all --quick --out evaluation --data uci",
      "--all says which commands it is made of; each can be run again by itself."
    },
    subcommands = {
      EvaluatePbrfCommand.class,
      EvaluateLdsCommand.class,
      EvaluateRemovalCommand.class,
      EvaluateMislabelledCommand.class,
      EvaluateRecallCommand.class,
      EvaluateFilterCommand.class,
      EvaluateIndexCommand.class
    },
    mixinStandardHelpOptions = true)
public final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--all", description = "Run every evaluation whose data are there.")
  private boolean all;

  @Option(
      names = "--quick",
      description = "With --all: small, in minutes; to see that it works, not to learn from.")
  private boolean quick;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description =
          "With --all: where all numbers are written (default: evaluation, or evaluation-quick).")
  private Optional<Path> folder = Optional.empty();

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "With --all: where UCI's concrete.txt and energy.csv are (default: here).")
  private Path data = Path.of("");

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      defaultValue = EvaluationOptions.IMAGES,
      description = "With --all: where Fashion-MNIST's files are.")
  private Path images = Path.of("");

  @Option(names = "--seed", defaultValue = "0", description = "Of everything (default: 0).")
  private long seed;

  @Override
  public Integer call() throws IOException {
    if (!all) {
      if (quick) {
        throw new InvalidInputException("--quick goes with --all, or with one evaluation");
      }
      spec.commandLine().usage(System.out);
      return 0;
    }
    Path out = folder.orElse(Path.of(quick ? "evaluation-quick" : "evaluation"));
    Files.createDirectories(out);
    int worst = 0;
    for (List<String> command : commands(out)) {
      System.out.println(
          "\n$ whence " + command.stream().map(Words::quoted).collect(Collectors.joining(" ")));
      worst = Math.max(worst, Whence.run(command.toArray(String[]::new)));
    }
    return worst;
  }

  private List<List<String>> commands(Path out) {
    List<List<String>> commands = new ArrayList<>();
    List<String> pbrf = evaluation(out, "pbrf");
    pbrf.addAll(List.of("--plots", out.toString()));
    commands.add(pbrf);
    List<String> lds = evaluation(out, "lds");
    lds.addAll(List.of("--bank", out.resolve("bank").toString()));
    commands.add(lds);
    commands.add(evaluation(out, "removal"));
    if (Files.exists(images)) {
      commands.add(evaluation(out, "mislabelled"));
    } else {
      System.out.println("left out mislabelled: there is no " + images);
    }

    String dictionary = out.resolve("dictionary.jsonl").toString();
    String run = out.resolve("run").toString();
    String fitted = quick ? "500" : "4000";
    commands.add(List.of("dictionary", dictionary, "--entries", quick ? "2000" : "117791"));
    commands.add(
        List.of(
            "fit",
            HomeFolder.dictionaryModel().toString(),
            "--corpus",
            dictionary,
            "--out",
            run,
            "--sequence-length",
            "256",
            "--curvature",
            "ekfac,diagonal",
            "--covariance-sequences",
            fitted,
            "--lambda-sequences",
            fitted,
            "--seed",
            "" + seed));
    commands.add(
        List.of(
            "evaluate",
            "recall",
            run,
            "--corpus",
            dictionary,
            "--count",
            quick ? "20" : "200",
            "--seed",
            "" + seed,
            "--curvature",
            "ekfac,kfac,diagonal,identity",
            "--json",
            out.resolve("recall.json").toString()));
    commands.add(
        List.of(
            "evaluate",
            "filter",
            run,
            "--corpus",
            dictionary,
            "--count",
            quick ? "10" : "100",
            "--seed",
            "" + seed,
            "--json",
            out.resolve("filter.json").toString()));
    return commands;
  }

  private List<String> evaluation(Path out, String name) {
    List<String> words = new ArrayList<>(List.of("evaluate", name));
    if (quick) {
      words.add("--quick");
    }
    words.addAll(List.of("--data", data.toString(), "--images", images.toString()));
    words.addAll(List.of("--seed", "" + seed));
    words.addAll(List.of("--json", out.resolve(name + ".json").toString()));
    return words;
  }
}
