package dev.whence.cli.index;

import dev.whence.InvalidInputException;
import dev.whence.cli.CacheOption;
import dev.whence.cli.ComputeOptions;
import dev.whence.cli.ConsoleProgress;
import dev.whence.cli.DampingOptions;
import dev.whence.cli.Listing;
import dev.whence.cli.MemoryOption;
import dev.whence.cli.Shading;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import dev.whence.index.IndexSearcher;
import dev.whence.index.IndexSearcher.Answer;
import dev.whence.index.IndexSearcher.Found;
import dev.whence.index.InfluenceIndex;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.influence.Asked;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import dev.whence.store.ModelText;
import dev.whence.tensor.DType;
import dev.whence.web.Show;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks an influence index. */
@Command(
    name = "query",
    description = "Show the sequences that influence a completion most, by an index.",
    footer = {
      "",
      "Example: whence index query index --prompt \"dog:\" --completion \" a domestic animal\""
          + " --rerank 200",
      "Without --rerank the influences are estimates. With it, the best estimates of each sign are",
      "computed exactly, and those alone are shown."
    },
    mixinStandardHelpOptions = true)
final class IndexQueryCommand implements Callable<Integer> {
  @Parameters(paramLabel = "INDEX", description = "The folder that 'whence index build' wrote.")
  private Path folder = Path.of("");

  @Option(names = "--prompt", paramLabel = "TEXT", description = "What the model was given.")
  private Optional<String> prompt = Optional.empty();

  @Option(names = "--completion", paramLabel = "TEXT", description = "What it said.")
  private Optional<String> completion = Optional.empty();

  @Option(names = "--queries", paramLabel = "FILE", description = "Or queries, JSONL.")
  private Optional<Path> queryFile = Optional.empty();

  @Option(
      names = "--rerank",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Compute the influence of each query's N best of each sign exactly (default: 0, none).")
  private int rerank;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "10",
      description = "Sequences of each sign (default: 10).")
  private int count;

  @Option(
      names = "--by-token",
      description = "Also show what influences each token of the completions by itself.")
  private boolean byToken;

  @Option(names = "--json", description = "Print one JSON object a sequence, for scripts.")
  private boolean json;

  @ArgGroup(multiplicity = "0..1")
  private DampingOptions damping = new DampingOptions();

  @Mixin private ComputeOptions compute = new ComputeOptions();
  @Mixin private MemoryOption memory = new MemoryOption();
  @Mixin private CacheOption cache = new CacheOption();

  /** What {@code --json} prints. */
  record IndexHit(
      String queryId,
      Optional<Integer> completionToken,
      int rank,
      double influence,
      boolean exact,
      String documentId,
      int sequenceIndex,
      int tokenOffset,
      long sequence,
      double norm,
      String text) {}

  @Override
  public Integer call() {
    if (count < 1) {
      throw new InvalidInputException("--count is " + count + " but must be at least 1");
    }
    if (rerank < 0) {
      throw new InvalidInputException("--rerank is " + rerank + " but must be at least 0");
    }
    boolean typed = prompt.isPresent() || completion.isPresent();
    if (typed == queryFile.isPresent() || (typed && completion.isEmpty())) {
      throw new InvalidInputException("give either --prompt and --completion, or --queries FILE");
    }
    InfluenceIndexManifest manifest = InfluenceIndex.manifest(folder);
    RunFolder run = RunFolder.open(Path.of(manifest.run()));
    Path checkpoint = Path.of(run.manifest().model().folder());
    try (ModelText text = ModelText.open(checkpoint, run.manifest().corpus().endTokens())) {
      // A mistake in the queries is found before the index is checked and the weights are loaded.
      List<Query> queries =
          queryFile
              .map(text::queries)
              .orElseGet(
                  () -> List.of(text.typed("asked", prompt.orElse(""), completion.orElse(""))));
      answer(run, text, queries);
    }
    return 0;
  }

  private void answer(RunFolder run, ModelText text, List<Query> queries) {
    Path checkpoint = run.verifiedModel(LanguageModel.files(text.path()));
    DType precision = run.manifest().precision();
    try (InfluenceIndex index = InfluenceIndex.open(folder, cache.folder());
        LanguageModel model = LanguageModel.load(checkpoint, precision, compute.device());
        IndexSearcher searcher =
            new IndexSearcher(index, run, model, damping.chosen().orElse(index.damping()))) {
      print(queries, searcher, index, text.tokenizer(), precision);
    }
  }

  private void print(
      List<Query> queries,
      IndexSearcher searcher,
      InfluenceIndex index,
      Optional<Tokenizer> tokenizer,
      DType precision) {
    List<Asked> asked = Asked.of(queries, byToken);
    List<Answer> answers =
        rerank > 0
            ? searcher.rerank(
                Asked.queries(asked),
                rerank,
                compute.compute(precision, memory),
                new ConsoleProgress())
            : searcher.estimate(Asked.queries(asked), count);
    for (int q = 0; q < queries.size(); q++) {
      Query query = queries.get(q);
      if (!json) {
        System.out.printf(
            "%n%s: %s │%s   (%s)%n",
            Shading.printable(query.id()),
            Shading.printable(query.prompt()),
            Shading.printable(query.completion()),
            rerank > 0 ? "exact influences of the best estimates" : "estimates");
      }
      for (int a = 0; a < asked.size(); a++) {
        if (asked.get(a).owner() == q) {
          title(query, asked.get(a), tokenizer);
          print(asked.get(a), "raised most by", 1, answers.get(a).raising(), index, tokenizer);
          print(asked.get(a), "lowered most by", -1, answers.get(a).lowering(), index, tokenizer);
        }
      }
    }
  }

  private void title(Query query, Asked asked, Optional<Tokenizer> tokenizer) {
    if (!json && asked.completionToken().isPresent()) {
      int token = asked.completionToken().get();
      int at = query.promptTokens().length + token;
      String piece =
          tokenizer.map(t -> t.pieces(query.tokens()).get(at)).orElse("" + query.tokens()[at]);
      System.out.printf("  %d \"%s\"%n", token, Shading.printable(piece));
    }
  }

  private void print(
      Asked asked,
      String title,
      int sign,
      List<Found> found,
      InfluenceIndex index,
      Optional<Tokenizer> tokenizer) {
    if (!json && !found.isEmpty()) {
      System.out.println("  " + title + ": influence, nats per unit of weight");
    }
    for (int i = 0; i < Math.min(count, found.size()); i++) {
      Found one = found.get(i);
      InfluenceIndex.Location location = index.locate(one.place());
      Sequence sequence = location.corpus().sequence(location.place());
      IndexHit hit =
          new IndexHit(
              asked.query().id(),
              asked.completionToken(),
              sign * (i + 1),
              one.influence(),
              one.isExact(),
              sequence.documentId(),
              sequence.sequenceIndex(),
              sequence.tokenOffset(),
              one.place(),
              index.norm(one.place()),
              Listing.text(sequence, tokenizer));
      if (json) {
        Listing.printJson(hit);
      } else {
        System.out.printf(
            Locale.ROOT,
            "  %4d  %13s  %s  %s%n",
            hit.rank(),
            (hit.exact() ? "" : "~ ") + Show.influence(hit.influence()),
            Listing.place(hit.documentId(), hit.sequenceIndex(), hit.tokenOffset()),
            Shading.printable(hit.text()));
      }
    }
  }
}
