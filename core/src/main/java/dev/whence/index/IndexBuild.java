package dev.whence.index;

import dev.whence.Cadence;
import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.ShrinkingBatches;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSummary;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Hashes;
import dev.whence.folder.Manifest;
import dev.whence.folder.Provenance;
import dev.whence.folder.WorkFolder;
import dev.whence.index.InfluenceIndexManifest.Part;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.TraceSink;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.Examples;
import dev.whence.trace.PassRanges;
import dev.whence.trace.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Builds an influence index of a corpus: in a pass of its own, or in part in another's, as a {@link
 * TraceSink}. {@link #finish} does what is still to be done. A killed build goes on from its last
 * checkpoint, to the same bytes.
 */
public final class IndexBuild implements TraceSink, AutoCloseable {
  private static final String CHECKPOINT = "build.safetensors";
  private static final String NEXT = "next";

  private final RunFolder run;
  private final LanguageModel model;
  private final Corpus corpus;
  private final IndexSettings settings;
  private final Path out;
  private final Progress progress;
  private final List<Linear> layers;
  private final RecallSample sample;
  private final Optional<WorkFolder> work; // absent when the index is there already
  private Optional<IndexPass> pass = Optional.empty();
  private long next; // all sequences before it are written
  private long given; // all sequences before it were given by a pass

  private IndexBuild(
      RunFolder run,
      LanguageModel model,
      Corpus corpus,
      IndexSettings settings,
      Path out,
      Optional<WorkFolder> work,
      Progress progress) {
    this.run = run;
    this.model = model;
    this.corpus = corpus;
    this.settings = settings;
    this.out = out;
    this.work = work;
    this.progress = progress;
    this.layers = model.linears(run.manifest().layerNames());
    this.sample = RecallSample.of(corpus, recallQueries(settings), settings.seed());
    // With its manifest a folder is whole, and only to be published.
    boolean whole = work.map(WorkFolder::path).map(Manifest::isIn).orElse(true);
    this.next = whole ? corpus.size() : restore();
  }

  /** An index that loses nothing need not be measured. */
  private static int recallQueries(IndexSettings settings) {
    return settings.keeps() instanceof Keeps.WholeTraces ? 0 : settings.recallQueries();
  }

  /**
   * Builds an index, or takes up an interrupted build of the same. When {@code out} already holds
   * it, it is left as it is.
   *
   * @param model loaded from the run's checkpoint
   * @param force replaces an index that was made from something else
   * @return what was built
   * @throws InvalidInputException when the model has changed since the fit, or {@code out} holds
   *     something else and {@code force} is not given
   */
  public static InfluenceIndexManifest run(
      RunFolder run,
      LanguageModel model,
      Corpus corpus,
      IndexSettings settings,
      Path out,
      boolean force,
      Progress progress) {
    try (IndexBuild build = open(run, model, corpus, settings, out, force, progress)) {
      return build.finish();
    }
  }

  /** Opens a build without beginning it; the arguments are those of {@link #run}. */
  public static IndexBuild open(
      RunFolder run,
      LanguageModel model,
      Corpus corpus,
      IndexSettings settings,
      Path out,
      boolean force,
      Progress progress) {
    run.verifiedModel(LanguageModel.files(Path.of(run.manifest().model().folder())));
    Map<String, String> identity = new LinkedHashMap<>(settings.options());
    identity.put("format", "" + InfluenceIndexManifest.FORMAT);
    identity.put("whence", Provenance.VERSION);
    identity.put("run", Hashes.ofFiles(List.of(run.path().resolve(Manifest.NAME))));
    identity.put("corpus", corpus.hash());
    FolderKind.INFLUENCE_INDEX.requireReplaceable(out);
    Optional<WorkFolder> work = Optional.empty();
    if (WorkFolder.isFree(out) || force || !isOf(InfluenceIndex.manifest(out), identity, out)) {
      work = Optional.of(WorkFolder.open(out, FolderKind.INFLUENCE_INDEX, identity, force));
    }
    try {
      return new IndexBuild(run, model, corpus, settings, out, work, progress);
    } catch (RuntimeException e) {
      work.ifPresent(WorkFolder::close);
      throw e;
    }
  }

  /** Whether an index is what is asked for; one of something else is refused. */
  private static boolean isOf(
      InfluenceIndexManifest manifest, Map<String, String> identity, Path out) {
    Map<String, String> there = new LinkedHashMap<>(manifest.settings());
    there.put("format", "" + manifest.format());
    there.put("whence", manifest.whenceVersion());
    there.put("run", manifest.runSha256());
    there.put("corpus", manifest.parts().getFirst().corpus().hash());
    if (there.equals(identity)) {
      return true;
    }
    throw new InvalidInputException(
        out
            + " was made from another run, corpus or setting; give --force to replace it, or another --out");
  }

  private Path folder() {
    return work.orElseThrow().path();
  }

  private IndexPass pass() {
    if (pass.isEmpty()) {
      pass = Optional.of(IndexPass.open(run, model, corpus, settings, sample, folder(), progress));
    }
    return pass.get();
  }

  @Override
  public void begin(long from) {
    // A pass that begins beyond leaves a gap, which finish() fills; nothing of it can be used.
    given = from <= next ? from : Long.MAX_VALUE;
    sample.dropPending();
  }

  @Override
  public Optional<PreconditionedQueries> queries() {
    return work.isEmpty() || next == corpus.size() ? Optional.empty() : pass().queries();
  }

  @Override
  public void take(long[] places, Examples batch, Trace trace, Optional<Tensor> influence) {
    if (given < next || given == Long.MAX_VALUE || work.isEmpty()) {
      return; // a chunk that is written already, or none that can be used
    }
    pass().take(places, batch, trace, influence);
  }

  @Override
  public void chunkDone(long end, boolean save) {
    if (given == Long.MAX_VALUE || work.isEmpty()) {
      return;
    }
    boolean taken = given >= next;
    given = end;
    if (end <= next) {
      return;
    }
    if (!taken) { // its chunks are cut otherwise than ours: finish() goes on from our own place
      given = Long.MAX_VALUE;
      return;
    }
    next = end;
    sample.takePending();
    pass().writer().closeBefore(end);
    if (save) {
      save();
    }
  }

  private void save() {
    pass().writer().flush();
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(
          folder().resolve(CHECKPOINT), sample.toTensors(), Map.of(NEXT, "" + next));
    }
  }

  private long restore() {
    Path file = folder().resolve(CHECKPOINT);
    if (!Files.exists(file)) {
      return 0;
    }
    try (Scope _ = Scope.open();
        SafetensorsFile saved = SafetensorsFile.open(file)) {
      sample.addAll(saved::tensor);
      return Long.parseLong(saved.metadata().getOrDefault(NEXT, "0"));
    } catch (InvalidInputException | NumberFormatException e) {
      throw new InvalidInputException(
          file + " is damaged; delete " + file.getParent() + " to start over", e);
    }
  }

  /** Indexes what no other pass gave, measures recall, and publishes the index. */
  public InfluenceIndexManifest finish() {
    if (work.isPresent()) {
      if (!Manifest.isIn(folder())) { // else it was only to be published
        if (next < corpus.size()) {
          ShrinkingBatches.run(settings.compute().batchTokens(), this::indexRest);
        }
        Manifest.write(folder(), measured());
      }
      close(Optional.of(CHECKPOINT));
      work.get().publish();
    }
    return InfluenceIndex.manifest(out);
  }

  private Long indexRest(int batchTokens, String remark) {
    Selection all = Selection.all(corpus.size());
    PassRanges ranges = PassRanges.of(corpus, all, settings.compute().batchTokens());
    Cadence cadence = new Cadence(settings.compute().checkpointSeconds());
    try (Progress.Stage stage = progress.begin("indexing" + remark, corpus.size(), "sequences")) {
      stage.advance(next);
      begin(next);
      InfluenceScan scan = pass().scan();
      new CorpusPass(corpus, all, ranges, batchTokens, model.device())
          .run(
              next,
              (places, batch) -> take(places, batch, scan.trace(batch), Optional.empty()),
              end -> {
                boolean save = cadence.due() || end == corpus.size();
                chunkDone(end, save);
                if (save) {
                  cadence.restart();
                }
              },
              stage);
    }
    return next;
  }

  /** Learns the weights, measures recall, and describes the index. */
  private InfluenceIndexManifest measured() {
    InfluenceIndexManifest plain = manifest(pass().writer().finish());
    if (sample.isEmpty()) {
      return plain;
    }
    if (!(pass().numbers() instanceof Projections projections)
        || !(pass().format() instanceof SidesFormat format)) {
      return plain;
    }
    try (Progress.Stage stage = progress.begin("measuring recall", 2, "steps");
        InfluenceIndex index = InfluenceIndex.of(folder(), plain, List.of(corpus))) {
      MatchWeights weights = sample.learn(index, format, queries -> sketch(projections, queries));
      stage.advance(1);
      Recall recall =
          sample.measure(
              pass().rank(), index, format, weights, queries -> sketch(projections, queries));
      stage.advance(1);
      return plain.withWeights(weights).withRecall(Optional.of(recall));
    }
  }

  private List<QuerySketch> sketch(Projections projections, List<Query> queries) {
    return QuerySketch.of(model, layers, projections, queries);
  }

  private InfluenceIndexManifest manifest(List<InfluenceIndexManifest.Shard> shards) {
    return new InfluenceIndexManifest(
        FolderKind.INFLUENCE_INDEX.id(),
        InfluenceIndexManifest.FORMAT,
        Provenance.VERSION,
        Instant.now().toString(),
        run.manifest().model(),
        run.path().toAbsolutePath().normalize().toString(),
        Hashes.ofFiles(List.of(run.path().resolve(Manifest.NAME))),
        settings.options(),
        pass().format().bytes(),
        List.of(new Part(CorpusSummary.of(corpus), shards)),
        MatchWeights.usual(layers.size()),
        Optional.empty());
  }

  private void close(Optional<String> forgotten) {
    pass.ifPresent(IndexPass::close);
    pass = Optional.empty();
    forgotten.ifPresent(name -> {
      try {
        Files.deleteIfExists(folder().resolve(name));
      } catch (IOException e) {
        throw AtomicFile.failed("write to", folder(), e);
      }
    });
  }

  @Override
  public void close() {
    close(Optional.empty());
    work.ifPresent(WorkFolder::close);
  }
}
