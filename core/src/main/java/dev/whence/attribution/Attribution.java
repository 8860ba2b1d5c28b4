package dev.whence.attribution;

import dev.whence.Cadence;
import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.ShrinkingBatches;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSummary;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.corpus.Tokenizer;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Hashes;
import dev.whence.folder.Manifest;
import dev.whence.folder.Provenance;
import dev.whence.folder.WorkFolder;
import dev.whence.influence.Asked;
import dev.whence.influence.Candidates;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.TopInfluences;
import dev.whence.influence.TraceSink;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.model.Prediction;
import dev.whence.results.RankCheck;
import dev.whence.results.ResultTables;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsManifest;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.Tf32;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.PassRanges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** From a fitted run, queries and a corpus to a results folder. */
public final class Attribution {
  private static final String SCAN = "scan.safetensors";

  private final RunFolder run;
  private final LanguageModel model;
  private final Optional<Tokenizer> tokenizer;
  private final List<Query> queries;
  private final List<Asked> asked;
  private final Corpus corpus;
  private final Optional<Candidates> candidates;
  private final Selection selection;
  private final AttributionSettings settings;
  private final Optional<TraceSink> companion;
  private final Progress progress;
  private final Preconditioner preconditioner;
  private final AttributionMemory memory;
  private final List<LanguageModel> others = new ArrayList<>(); // on further devices

  private Attribution(
      AttributionInput input,
      AttributionSettings settings,
      Optional<TraceSink> companion,
      Progress progress) {
    this.run = input.run();
    this.model = input.model();
    this.tokenizer = input.tokenizer();
    this.queries = input.queries();
    this.asked = Asked.of(queries, settings.byToken());
    this.corpus = input.corpus();
    this.candidates = input.candidates();
    this.selection = candidates.map(Candidates::union).orElse(Selection.all(corpus.size()));
    this.settings = settings;
    this.companion = companion;
    this.progress = progress;
    this.preconditioner = Preconditioner.of(run, model, settings.curvature(), settings.damping());
    this.memory =
        AttributionMemory.of(
            model.shape(),
            preconditioner.layers().stream().map(Linear::shape).toList(),
            Integer.parseInt(run.manifest().settings().getOrDefault("blocks", "1")),
            settings,
            model.type(),
            longest());
  }

  /** Tokens of the longest sequence or query; 1 at least. */
  private int longest() {
    int query = queries.stream().mapToInt(q -> q.tokens().length).max().orElse(1);
    return Math.max(query, Math.max(1, corpus.maximumLength()));
  }

  /** Attributes without a report of progress; what was made otherwise is not replaced. */
  public static ResultsFolder run(AttributionInput input, AttributionSettings settings, Path out) {
    return run(input, settings, out, false, Progress.NONE);
  }

  /**
   * Attributes, or takes up an interrupted attribution of the same inputs, and writes the results
   * folder. When {@code out} already holds these results, they are returned as they are.
   *
   * @param force replaces results that were made from something else, and discards interrupted ones
   *     of something else
   * @throws IllegalArgumentException when the candidates are not those of as many queries
   * @throws InvalidInputException when the model has changed since the fit, the run lacks the
   *     curvature asked for, or {@code out} is something else and {@code force} is not given
   */
  public static ResultsFolder run(
      AttributionInput input,
      AttributionSettings settings,
      Path out,
      boolean force,
      Progress progress) {
    return run(input, settings, out, force, Optional.empty(), progress);
  }

  /**
   * Attributes as {@link #run(AttributionInput, AttributionSettings, Path, boolean, Progress)}
   * does.
   *
   * @param companion takes part in the scan, where every sequence is traced once
   */
  public static ResultsFolder run(
      AttributionInput input,
      AttributionSettings settings,
      Path out,
      boolean force,
      Optional<TraceSink> companion,
      Progress progress) {
    RunFolder run = input.run();
    LanguageModel model = input.model();
    Corpus corpus = input.corpus();
    if (input.queries().isEmpty() && !settings.selfInfluence()) {
      throw new InvalidInputException(
          "there is nothing to compute: give --queries or --self-influence");
    }
    if (settings.byToken() && input.queries().isEmpty()) {
      throw new InvalidInputException("--by-token needs --queries, whose completions have tokens");
    }
    input
        .candidates()
        .filter(candidates -> candidates.queries() != input.queries().size())
        .ifPresent(candidates -> {
          throw new IllegalArgumentException(
              "candidates of %d queries for %d queries"
                  .formatted(candidates.queries(), input.queries().size()));
        });
    settings.compute().requireDevice(model.device());
    run.verifiedModel(LanguageModel.files(Path.of(run.manifest().model().folder())));
    Attribution attribution = new Attribution(input, settings, companion, progress);
    ResultsManifest manifest = attribution.manifest();
    FolderKind.RESULTS.requireReplaceable(out);
    if (!WorkFolder.isFree(out) && !force) {
      ResultsFolder existing = ResultsFolder.open(out);
      if (sameOrigin(existing.manifest(), manifest)) {
        return existing;
      }
      throw new InvalidInputException(
          out
              + " was made from another run, corpus, query or setting; give --force to replace it, or another --out");
    }
    Map<String, String> identity = new LinkedHashMap<>(manifest.settings());
    identity.put("format", "" + ResultsManifest.FORMAT);
    identity.put("whence", manifest.whenceVersion());
    identity.put("run", manifest.runSha256());
    identity.put("corpus", corpus.hash());
    identity.put("queries", manifest.queriesSha256());
    identity.put("dtype", model.type().toString());
    manifest.candidates().ifPresent(c -> identity.put("candidates", c.sha256()));
    try (WorkFolder work = WorkFolder.open(out, FolderKind.RESULTS, identity, force);
        Tf32 _ = Tf32.allow(settings.compute().tf32())) {
      if (!Manifest.isIn(work.path())) { // else it was only to be published
        Optional<RankCheck> check = attribution.into(work.path());
        Manifest.write(work.path(), manifest.with(check, ResultsFolder.hashes(work.path())));
      }
      forget(work.path());
      return ResultsFolder.open(work.publish());
    }
  }

  /** Removes what was kept to go on from, once the results are whole. */
  private static void forget(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve(SCAN));
      QueryParts.forget(folder);
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }

  private static boolean sameOrigin(ResultsManifest a, ResultsManifest b) {
    return a.whenceVersion().equals(b.whenceVersion())
        && a.settings().equals(b.settings())
        && a.runSha256().equals(b.runSha256())
        && a.corpus().hash().equals(b.corpus().hash())
        && a.queriesSha256().equals(b.queriesSha256())
        && a.candidates().equals(b.candidates());
  }

  private Optional<RankCheck> into(Path folder) {
    Optional<RankCheck> check =
        settings.rank() > 0 && !queries.isEmpty() && selection.count() > 0
            ? Optional.of(
                RankSample.of(
                    preconditioner, queries, corpus, selection, settings, memory, progress))
            : Optional.empty();
    try (QueryParts parts =
        new QueryParts(preconditioner, Asked.queries(asked), settings, memory, folder, progress)) {
      parts.prepare();
      if (parts.split().passes() == 1) {
        loadOnOthers();
      }
      Scanned scanned =
          ShrinkingBatches.run(
              memory.batch().tokens(),
              (tokens, remark) -> scan(folder, parts, tokens, "scanning" + remark));
      tables(folder, parts, scanned);
    } finally {
      others.forEach(LanguageModel::close);
    }
    return check;
  }

  private void loadOnOthers() {
    List<Device> devices = settings.compute().devices();
    for (Device device : devices.subList(1, devices.size())) {
      Path checkpoint = Path.of(run.manifest().model().folder());
      others.add(LanguageModel.load(checkpoint, model.type(), device));
    }
  }

  /**
   * What a scan leaves.
   *
   * @param parts of the strongest, where they could be made on the way
   */
  private record Scanned(TopInfluences top, Optional<ScanAttributions> parts) {}

  private Scanned scan(Path folder, QueryParts parts, int batchTokens, String what) {
    ScanCheckpoint checkpoint = new ScanCheckpoint(folder.resolve(SCAN));
    TopInfluences top = new TopInfluences(asked.size(), settings.top());
    Optional<ScanAttributions> attributions =
        attributesWhileScanning(parts)
            ? Optional.of(new ScanAttributions(top, asked.size()))
            : Optional.empty();
    long start = checkpoint.restore(top, attributions);
    Optional<TraceSink> along =
        parts.split().passes() == 1
                && candidates.isEmpty()
                && !asked.isEmpty()
                && others.isEmpty() // what it makes is on one device
            ? companion
            : Optional.empty();
    along.ifPresent(sink -> sink.begin(start));
    SplitScan scan =
        new SplitScan(
            model,
            others,
            parts,
            asked.size(),
            preconditioner.layers().size(),
            new InfluenceScan.Detail(settings.layerwise(), settings.tokenwise()),
            along.flatMap(TraceSink::queries));
    Cadence cadence = new Cadence(settings.compute().checkpointSeconds());
    String name = parts.split().passes() == 1 ? what : what + parts.remark();
    PassRanges ranges = PassRanges.of(corpus, selection, settings.compute().batchTokens());
    try (Progress.Stage stage = progress.begin(name, selection.count(), "sequences");
        OptionalScores scores =
            new OptionalScores(scoresFile(folder, model.type().accumulator()))) {
      stage.advance(start);
      scan.run(
          new CorpusPass(corpus, selection, ranges, batchTokens, model.device()),
          start,
          new ScanSink(corpus, selection, asked, candidates, top, attributions, along, scores.file),
          next -> {
            scores.file.ifPresent(ScoresFile::flush);
            attributions.ifPresent(ScanAttributions::prune);
            boolean save = cadence.due() || next == selection.count();
            // First: a scan that goes on after this chunk does not give it again.
            along.ifPresent(sink -> sink.chunkDone(next, save));
            if (save) {
              checkpoint.save(top, attributions, next);
              cadence.restart();
            }
          },
          stage);
    }
    return new Scanned(top, attributions);
  }

  private boolean attributesWhileScanning(QueryParts parts) {
    return parts.split().passes() == 1
        && ScanAttributions.isWorthwhile(
            selection.count(),
            settings.top(),
            asked.size(),
            (long) corpus.maximumLength() + preconditioner.layers().size());
  }

  private record OptionalScores(Optional<ScoresFile> file) implements AutoCloseable {
    @Override
    public void close() {
      file.ifPresent(ScoresFile::close);
    }
  }

  private Optional<ScoresFile> scoresFile(Path folder, DType type) {
    if (!settings.allScores() && !settings.selfInfluence()) {
      return Optional.empty();
    }
    return Optional.of(
        ScoresFile.open(
            folder.resolve(ResultsFolder.SCORES),
            new ScoresFile.Shape(
                settings.allScores() ? queries.size() : 0,
                selection,
                settings.layerwise() ? preconditioner.layers().size() : 0,
                settings.tokenwise() ? Math.max(1, corpus.maximumLength() - 1) : 0,
                settings.selfInfluence(),
                candidates.isPresent(),
                type)));
  }

  private void tables(Path folder, QueryParts parts, Scanned scanned) {
    try (Progress.Stage stage =
            progress.begin("attributing tokens and layers", asked.size(), "queries");
        ResultTables tables = new ResultTables(folder, tokenizer, layerNames())) {
      new TopSequences(
              preconditioner,
              Asked.queries(asked),
              corpus,
              settings,
              memory,
              parts,
              scanned.top,
              scanned.parts)
          .run((q, rankedSequences) -> {
            Asked one = asked.get(q);
            rankedSequences.forEach(
                ranked -> tables.add(one.query().id(), one.completionToken(), ranked));
            stage.advance(1);
          });
      List<Double> logProbabilities = parts.logProbabilities();
      tables.addQueries(queries, logProbabilities.subList(0, queries.size()));
      for (Query query : queries) {
        for (Prediction prediction : Prediction.of(model, query)) {
          tables.addCompletionToken(
              query,
              prediction.completionToken(),
              prediction.logProbability(),
              prediction.likeliest(),
              prediction.likeliestLogProbability());
        }
      }
      tables.write();
    }
  }

  private List<String> layerNames() {
    return preconditioner.layers().stream().map(Linear::name).toList();
  }

  private ResultsManifest manifest() {
    RunManifest fitted = run.manifest();
    Map<String, String> options = settings.options();
    options.put("dtype", model.type().toString());
    candidates.ifPresent(c -> options.putAll(c.settings()));
    return new ResultsManifest(
        FolderKind.RESULTS.id(),
        ResultsManifest.FORMAT,
        Provenance.VERSION,
        Instant.now().toString(),
        fitted.model(),
        run.path().toAbsolutePath().normalize().toString(),
        Hashes.ofFiles(List.of(run.path().resolve(Manifest.NAME))),
        CorpusSummary.of(corpus),
        Hashes.ofTexts(
            queries.stream()
                .flatMap(q ->
                    Stream.of(
                        q.id(),
                        Arrays.toString(q.promptTokens()),
                        Arrays.toString(q.completionTokens())))),
        queries.size(),
        options,
        candidates.map(this::summary),
        Optional.empty(),
        layerNames(),
        Map.of(),
        ResultsManifest.UNIT,
        ResultsManifest.SIGN);
  }

  private ResultsManifest.CandidatesSummary summary(Candidates chosen) {
    return new ResultsManifest.CandidatesSummary(
        selection.count(),
        Hashes.ofTexts(
            IntStream.range(0, chosen.queries()).mapToObj(q -> Arrays.toString(chosen.places(q)))));
  }
}
