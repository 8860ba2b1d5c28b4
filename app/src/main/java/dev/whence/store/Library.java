package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenizer;
import dev.whence.folder.FolderKind;
import dev.whence.index.InfluenceIndex;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.index.Recall;
import dev.whence.influence.Candidates;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsManifest;
import dev.whence.run.RunFolder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All open results, and the corpora they were made from, which are looked up in the cache by their
 * hash. Any number of threads may use it.
 */
public final class Library implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Library.class);

  private final Path cache;
  private final Map<String, ResultsStore> stores = new LinkedHashMap<>();
  private final Map<String, CorpusText> corpora = new HashMap<>(); // by hash
  private final Map<Path, InfluenceIndexManifest> indexFolders = new LinkedHashMap<>();
  private final Map<String, Optional<Long>> trainingSizes = new ConcurrentHashMap<>();
  private volatile Optional<Long> trainingSequences = Optional.empty();
  private final Map<Path, InfluenceIndex> indexes = new HashMap<>(); // those that were needed

  /**
   * Opens an empty library.
   *
   * @param cache where tokenised corpora and their indexes are kept
   */
  public Library(Path cache) {
    this.cache = cache;
  }

  /**
   * Opens a results folder, under a name made from its path, with a number appended when that is
   * taken.
   *
   * @throws InvalidInputException when it holds no finished results
   */
  public ResultsStore open(Path folder) {
    Path own = folder.toAbsolutePath().normalize();
    String base = String.valueOf(own.getFileName());
    Path parent = own.getParent();
    if (parent != null && parent.getFileName() != null) {
      base = parent.getFileName() + "/" + base; // 'results' alone says little
    }
    synchronized (stores) {
      String name = base;
      for (int n = 2; stores.containsKey(name); n++) {
        name = base + "-" + n;
      }
      Path beside = own.resolveSibling("index");
      addIndexIfReadable(beside);
      return add(name, folder);
    }
  }

  /** Nobody asked for this index: one that cannot be used is left alone. */
  private void addIndexIfReadable(Path folder) {
    try {
      if (FolderKind.of(folder).equals(Optional.of(FolderKind.INFLUENCE_INDEX))) {
        addIndex(folder);
      }
    } catch (InvalidInputException e) {
      LOG.warn("questions are not answered by {}: {}", folder, e.getMessage());
    }
  }

  /**
   * Makes an influence index known, by which questions about results of the same run and corpus are
   * answered. One that is called {@code index} and lies beside results is known with them.
   *
   * @throws InvalidInputException when there is no index, or one of a newer format
   */
  public void addIndex(Path folder) {
    InfluenceIndexManifest manifest = InfluenceIndex.manifest(folder);
    synchronized (indexFolders) {
      indexFolders.put(folder, manifest);
    }
  }

  /** Whether there is an influence index of the results' run and corpus. */
  public boolean hasInfluenceIndex(ResultsStore store) {
    return indexFolder(store).isPresent();
  }

  private Optional<Path> indexFolder(ResultsStore store) {
    ResultsManifest results = store.folder().manifest();
    synchronized (indexFolders) {
      return indexFolders.entrySet().stream()
          .filter(entry -> {
            InfluenceIndexManifest manifest = entry.getValue();
            return manifest.runSha256().equals(results.runSha256())
                && manifest.parts().size() == 1
                && manifest.parts().getFirst().corpus().hash().equals(results.corpus().hash())
                && results.setting("curvature").equals(manifest.settings().get("curvature"));
          })
          .map(Map.Entry::getKey)
          .findFirst();
    }
  }

  /**
   * The influence index of the results' run and corpus, which stays the library's.
   *
   * @throws InvalidInputException when there is none, it is damaged, or the corpus is not in the
   *     cache
   */
  public InfluenceIndex requireInfluenceIndex(ResultsStore store) {
    Path folder =
        indexFolder(store)
            .orElseThrow(() ->
                new InvalidInputException(
                    "there is no influence index of these results' run and corpus; make one with 'whence index build'"));
    Corpus corpus = requireCorpus(store).corpus();
    synchronized (indexes) {
      return indexes.computeIfAbsent(folder, f -> InfluenceIndex.open(f, corpus));
    }
  }

  /** What was measured of the results' influence index when it was built, if anything was. */
  public Optional<Recall> recall(ResultsStore store) {
    synchronized (indexFolders) {
      return indexFolder(store).map(indexFolders::get).flatMap(InfluenceIndexManifest::recall);
    }
  }

  /** Says with how many sequences the models of all results were trained. */
  public void setTrainingSequences(long count) {
    trainingSequences = Optional.of(count);
  }

  /** With how many sequences the results' model was trained, where that is known. */
  public Optional<Long> trainingSequences(ResultsStore store) {
    return trainingSequences.or(
        () -> trainingSizes.computeIfAbsent(store.name(), _ -> TrainingSize.of(store.folder())));
  }

  /** The curvatures that the results' run was fitted for; none where the run has moved. */
  public List<String> fittedCurvatures(ResultsStore store) {
    try {
      return List.of(
          RunFolder.open(Path.of(store.folder().manifest().run()))
              .manifest()
              .settings()
              .getOrDefault("curvature", "ekfac")
              .split(","));
    } catch (InvalidInputException _) {
      return List.of();
    }
  }

  /**
   * How many tokens the results' model takes.
   *
   * @throws InvalidInputException when the model has moved
   */
  public int maximumPositions(ResultsStore store) {
    Path folder = Path.of(store.folder().manifest().model().folder());
    try (LanguageModel shape = LanguageModel.outline(folder.resolve(LanguageModel.CONFIG_FILE))) {
      return shape.maximumPositions();
    }
  }

  /** Opens a results folder under a name, which must be free. */
  public ResultsStore add(String name, Path folder) {
    ResultsStore store = ResultsStore.open(name, folder);
    synchronized (stores) {
      if (stores.putIfAbsent(name, store) != null) {
        store.close();
        throw new IllegalArgumentException("there are results called " + name + " already");
      }
    }
    return store;
  }

  /** All results, in the order in which they were opened. */
  public List<ResultsStore> all() {
    synchronized (stores) {
      return List.copyOf(stores.values());
    }
  }

  public Optional<ResultsStore> find(String name) {
    synchronized (stores) {
      return Optional.ofNullable(stores.get(name));
    }
  }

  /** The corpus that was scored; empty when the cache does not have it any more. */
  public Optional<CorpusText> corpus(ResultsStore store) {
    var summary = store.folder().manifest().corpus();
    synchronized (corpora) {
      CorpusText known = corpora.get(summary.hash());
      if (known != null) {
        return Optional.of(known);
      }
      Optional<CorpusText> opened =
          Corpus.cached(summary.hash(), summary.sequenceLength(), cache)
              .map(corpus -> new CorpusText(corpus, tokenizer(store)));
      opened.ifPresent(text -> corpora.put(summary.hash(), text));
      return opened; // a missing corpus is looked up again the next time
    }
  }

  private static Optional<Tokenizer> tokenizer(ResultsStore store) {
    try {
      return ModelText.open(
              Path.of(store.folder().manifest().model().folder()),
              store.folder().manifest().corpus().endTokens())
          .tokenizer();
    } catch (InvalidInputException _) {
      return Optional.empty(); // the model has moved: token ids are shown
    }
  }

  /** Makes or opens the index of a corpus that is there, so that it can be searched. */
  public void index(ResultsStore store, Progress progress) {
    corpus(store).ifPresent(text -> text.index(cache, progress));
  }

  /**
   * The sequences that share most terms with a query; the index is made if need be.
   *
   * @throws InvalidInputException when the corpus is not there
   */
  public Candidates candidates(ResultsStore store, Query query, int count, Progress progress) {
    CorpusText text = requireCorpus(store);
    text.index(cache, progress);
    return text.candidates(query, count, progress);
  }

  /**
   * The corpus that was scored.
   *
   * @throws InvalidInputException when the cache does not have it any more
   */
  public CorpusText requireCorpus(ResultsStore store) {
    return corpus(store)
        .orElseThrow(() ->
            new InvalidInputException(
                "the tokenised corpus is not in the cache any more; run 'whence attribute' on it"
                    + " once"));
  }

  /**
   * The ranks, from 1, of the sequences that match a query best by BM25, by their place in the
   * corpus; empty unless the corpus was indexed.
   */
  public Optional<Map<Long, Integer>> lexicalRanks(ResultsStore store, String queryId) {
    try {
      return corpus(store).flatMap(text -> text.lexicalRanks(store.tokens(queryId)));
    } catch (InvalidInputException _) {
      return Optional.empty(); // results from before queries' tokens were stored
    }
  }

  @Override
  public void close() {
    synchronized (stores) {
      stores.values().forEach(ResultsStore::close);
    }
    synchronized (indexes) {
      indexes.values().forEach(InfluenceIndex::close);
    }
    synchronized (corpora) {
      corpora.values().forEach(CorpusText::close);
    }
  }
}
