package dev.whence.cli;

import dev.whence.Json;
import dev.whence.attribution.SequenceViewer;
import dev.whence.influence.SequenceViews;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelDesk;
import dev.whence.tensor.Device;
import dev.whence.web.Show;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows how one sequence influences one query. */
@Command(
    name = "sequence",
    description =
        "Show how one sequence influences a query: by the tokens that are read, predicted and"
            + " embedded, and by layer.",
    footer = {"", "Example: whence sequence results --query dog --rank 1"},
    mixinStandardHelpOptions = true)
final class SequenceCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RESULTS", description = "The folder that 'whence attribute' wrote.")
  private Path folder = Path.of("");

  @Option(names = "--query", paramLabel = "ID", required = true, description = "The query.")
  private String query = "";

  @Option(
      names = "--rank",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "The sequence by its rank: 1, 2, .. raise the completion, -1, -2, .. lower it (default: 1).")
  private int rank;

  @Option(names = "--json", description = "Print all values as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    ResultsFolder results = ResultsFolder.open(folder);
    results.requireQuery(query);
    RunFolder run = RunFolder.open(Path.of(results.manifest().run()));
    List<TokenInfluence> tokens = results.tokens(query, rank);
    int[] ids = results.tokenIds(query, rank);
    try (ModelDesk.Loaded loaded = ModelDesk.Loaded.of(run, Device.CPU);
        SequenceViewer viewer = SequenceViewer.of(results, run, loaded.model(), query)) {
      SequenceViews views = viewer.views(ids);
      if (json) {
        printJson(tokens, views, results.manifest().layers());
      } else {
        print(tokens, views, results.manifest().layers());
      }
    }
    return 0;
  }

  private void print(List<TokenInfluence> tokens, SequenceViews views, List<String> layers) {
    Shading shading = Shading.forTerminal(ConsoleProgress.onTerminal(), System.getenv());
    System.out.println("by the token that is read (Eq. 31), nats, sums to the influence");
    System.out.println("  " + shading.show(tokens));
    System.out.println("by the token that is predicted (Eq. 36), nats, sums to the influence");
    System.out.println("  " + shading.show(TokenInfluence.with(tokens, views.byOutputToken())));
    System.out.println("by the token whose embedding matters (Eq. 38), a size without a sign");
    System.out.println("  " + shading.show(TokenInfluence.with(tokens, views.byInputToken())));
    System.out.println("by layer, nats, sums to the influence");
    for (int l = 0; l < layers.size(); l++) {
      double ofLayer = Arrays.stream(views.byLayerAndToken()[l]).sum();
      System.out.printf("  %13s  %s%n", Show.influence(ofLayer), layers.get(l));
    }
  }

  private static void printJson(
      List<TokenInfluence> tokens, SequenceViews views, List<String> layers) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("tokens", tokens.stream().map(TokenInfluence::token).toList());
    all.put("read", tokens.stream().map(TokenInfluence::influence).toList());
    all.put("predicted", views.byOutputToken());
    all.put("embedded", views.byInputToken());
    all.put("layers", layers);
    all.put("layers_and_tokens", views.byLayerAndToken());
    System.out.println(Json.MAPPER.writeValueAsString(all));
  }
}
