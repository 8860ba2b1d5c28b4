package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Tokenizer;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Manifest;
import dev.whence.index.InfluenceIndex;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.search.SequenceIndex;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Says what is in a folder. */
@Command(
    name = "inspect",
    description = "Say what is in a model, run, results or index folder, in words.",
    footer = {"", "Example: whence inspect run"},
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FOLDER", description = "A MODEL, RUN, RESULTS or INDEX folder.")
  private Path folder = Path.of("");

  @Override
  public Integer call() {
    if (Files.exists(folder.resolve(Manifest.NAME))) {
      FolderKind kind =
          FolderKind.of(folder)
              .orElseThrow(() ->
                  new InvalidInputException(
                      folder
                          + "/manifest.json says nothing that this version of Whence knows; was it written by a newer one?"));
      switch (kind) {
        case RUN -> inspect(RunFolder.open(folder));
        case RESULTS -> inspect(ResultsFolder.open(folder));
        case INFLUENCE_INDEX ->
            System.out.println(Summary.of(folder, InfluenceIndex.manifest(folder)));
        case LEXICAL_INDEX ->
            System.out.println(Summary.of(folder, SequenceIndex.manifest(folder)));
      }
    } else if (Files.exists(folder.resolve(LanguageModel.CONFIG_FILE))) {
      inspectModel();
    } else {
      throw new InvalidInputException(
          folder + " is neither a checkpoint nor a folder that Whence wrote");
    }
    return 0;
  }

  private static void inspect(RunFolder run) {
    System.out.println(Summary.of(run));
    for (RunManifest.Layer layer : run.manifest().layers()) {
      System.out.printf(
          Locale.ROOT,
          "    %s [%d, %d]%s%s%s%n",
          layer.name(),
          layer.outputs(),
          layer.inputs(),
          layer.bias() ? " with bias" : "",
          layer.sharesInputWith().map(l -> ", input shared with " + l).orElse(""),
          layer.isSingular() ? ", " + singular(layer) : "");
    }
  }

  private static String singular(RunManifest.Layer layer) {
    return String.format(
        Locale.ROOT,
        "singular: inputs span %d of %d directions, output gradients %d of %d",
        layer.activationRank().orElse(layer.inputs()),
        layer.inputs(),
        layer.gradientRank().orElse(layer.outputs()),
        layer.outputs());
  }

  private static void inspect(ResultsFolder results) {
    results.verify();
    System.out.println(Summary.of(results));
    for (ResultsFolder.StoredQuery query : results.queries()) {
      System.out.printf(
          Locale.ROOT,
          "    %s: %s │%s (log p = %.2f nats)%n",
          Shading.printable(query.id()),
          Shading.printable(query.prompt()),
          Shading.printable(query.completion()),
          query.logProbability());
    }
  }

  /** Shows which tokens texts begin and end with when nothing is said of it. */
  private static void inspectEnds(Tokenizer tokenizer) {
    List<String> shown =
        tokenizer.ends().stream()
            .map(ids -> ids.stream().mapToInt(id -> id).toArray())
            .map(ids ->
                ids.length == 0
                    ? "no special token"
                    : "%s %s"
                        .formatted(Shading.printable(tokenizer.decode(ids)), Arrays.toString(ids)))
            .toList();
    System.out.printf(
        "  texts begin with %s and end with %s (--bos, --eos)%n", shown.get(0), shown.get(1));
  }

  private void inspectModel() {
    try (ModelFolder opened = ModelFolder.open(folder, DType.FLOAT32, Device.CPU)) {
      LanguageModel model = opened.model();
      System.out.printf(
          Locale.ROOT,
          "model %s%n  %s, %,d parameters, vocabulary %,d, at most %,d positions, %s%n",
          folder,
          model.architecture(),
          model.parameterCount(),
          model.vocabularySize(),
          model.maximumPositions(),
          opened.tokenizer().isPresent() ? "with a tokenizer" : "without a tokenizer");
      opened.tokenizer().ifPresent(InspectCommand::inspectEnds);
      System.out.println("  linear layers (bias as last column):");
      for (Linear layer : model.linears()) {
        System.out.printf(
            Locale.ROOT, "    %s, %s%n", layer, layer.role().name().toLowerCase(Locale.ROOT));
      }
    }
  }
}
