package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSummary;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.folder.FolderKind;
import dev.whence.index.InfluenceIndexManifest.Part;
import dev.whence.index.InfluenceIndexManifest.Shard;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An influence index, mapped from its files, and the tokenised corpora that it was made from.
 * Sequences are counted through all corpora. Any number of threads may read it; close it after use.
 */
public final class InfluenceIndex implements AutoCloseable {
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final InfluenceIndexManifest manifest;
  private final List<IndexedShard> shards = new ArrayList<>();
  private final List<Corpus> corpora;
  private final List<Corpus> owned;
  private final Arena arena = Arena.ofShared();

  /**
   * A shard in memory.
   *
   * @param corpus of its sequences
   * @param first its first sequence's place in the corpus
   * @param offset what is added to a place in the corpus to give the place in the index
   * @param codes the positions' records, one sequence after the other
   * @param norms of each sequence, float32
   */
  record IndexedShard(
      Corpus corpus,
      long first,
      int sequences,
      long offset,
      MemorySegment codes,
      MemorySegment norms) {}

  /** A sequence's corpus, and its place there. */
  public record Location(Corpus corpus, long place) {}

  private InfluenceIndex(
      Path path, InfluenceIndexManifest manifest, List<Corpus> corpora, List<Corpus> owned) {
    this.path = path;
    this.manifest = manifest;
    this.corpora = corpora;
    this.owned = owned;
    try {
      long offset = 0;
      for (int p = 0; p < corpora.size(); p++) {
        long first = 0;
        for (Shard shard : manifest.parts().get(p).shards()) {
          shards.add(
              new IndexedShard(
                  corpora.get(p),
                  first,
                  Math.toIntExact(shard.sequences()),
                  offset,
                  Shards.codes(path, shard, manifest.recordBytes(), arena),
                  Shards.norms(path, shard, arena)));
          first += shard.sequences();
        }
        offset += first;
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Reads an index folder's manifest.
   *
   * @throws InvalidInputException when the folder is no finished index, or of a newer format
   */
  public static InfluenceIndexManifest manifest(Path path) {
    return FolderKind.INFLUENCE_INDEX.read(
        path, InfluenceIndexManifest.FORMAT, InfluenceIndexManifest.class);
  }

  /**
   * Opens an index, after checking that its files are whole.
   *
   * @param cacheFolder where its corpora are, tokenised
   * @throws InvalidInputException when a file is damaged, or a corpus is not in the cache
   */
  public static InfluenceIndex open(Path path, Path cacheFolder) {
    InfluenceIndexManifest manifest = manifest(path);
    List<Corpus> corpora = new ArrayList<>();
    try {
      for (Part part : manifest.parts()) {
        CorpusSummary corpus = part.corpus();
        corpora.add(
            Corpus.cached(corpus.hash(), corpus.sequenceLength(), cacheFolder)
                .orElseThrow(() ->
                    new InvalidInputException(
                        "a corpus of %s is not in the cache %s any more; run the 'whence index build' that made it again, which then only fills the cache"
                            .formatted(path, cacheFolder))));
      }
    } catch (RuntimeException e) {
      corpora.forEach(Corpus::close);
      throw e;
    }
    return new InfluenceIndex(path, manifest, corpora, corpora);
  }

  /**
   * Opens the index of a corpus.
   *
   * @param corpus stays the caller's
   * @throws InvalidInputException when a file is damaged, or the index is not of that corpus alone
   */
  public static InfluenceIndex open(Path path, Corpus corpus) {
    InfluenceIndexManifest manifest = manifest(path);
    List<Part> parts = manifest.parts();
    if (parts.size() != 1) {
      throw new InvalidInputException(
          "%s holds %d corpora, where that of one is needed; 'whence index query' asks all of them"
              .formatted(path, parts.size()));
    }
    if (!parts.getFirst().corpus().hash().equals(corpus.hash())) {
      throw new InvalidInputException(
          "%s was made from another corpus, tokenizer or sequence length; build it again with 'whence index build --force'"
              .formatted(path));
    }
    return of(path, manifest, List.of(corpus));
  }

  /**
   * Opens an index whose corpora are open.
   *
   * @param corpora one for each part; they stay the caller's
   */
  static InfluenceIndex of(Path path, InfluenceIndexManifest manifest, List<Corpus> corpora) {
    return new InfluenceIndex(path, manifest, corpora, List.of());
  }

  /** The positions of a sequence: those that predict a token. */
  static int positions(Corpus corpus, long place) {
    return Math.max(0, corpus.length(place) - 1);
  }

  public Path path() {
    return path;
  }

  public InfluenceIndexManifest manifest() {
    return manifest;
  }

  List<IndexedShard> shards() {
    return shards;
  }

  /** How many sequences there are. */
  public long size() {
    return manifest.sequences();
  }

  /** Where a sequence is. */
  public Location locate(long place) {
    long within = place;
    for (Corpus corpus : corpora) {
      if (within < corpus.size()) {
        return new Location(corpus, within);
      }
      within -= corpus.size();
    }
    throw new IndexOutOfBoundsException("sequence " + place + " of " + size());
  }

  /**
   * The norm {@code |h|} of a sequence's half-whitened gradient, whose square is its influence on
   * itself: exact where the index was built so, else estimated.
   */
  public double norm(long place) {
    for (IndexedShard shard : shards) {
      long within = place - shard.offset - shard.first;
      if (within >= 0 && within < shard.sequences) {
        return shard.norms.get(FLOAT, within * Float.BYTES);
      }
    }
    throw new IndexOutOfBoundsException("sequence " + place + " of " + size());
  }

  /** The curvature that it was built with. */
  public CurvatureKind curvature() {
    return settings().curvature();
  }

  /** The damping that it was built with. */
  public Damping damping() {
    return settings().damping();
  }

  /** The settings that it was built with. */
  IndexSettings settings() {
    return settings(manifest);
  }

  /** The precision that it was built in. */
  public static DType precision(InfluenceIndexManifest manifest) {
    return DType.valueOf(
        manifest.settings().getOrDefault("dtype", "float32").toUpperCase(Locale.ROOT));
  }

  static IndexSettings settings(InfluenceIndexManifest manifest) {
    Map<String, String> options = manifest.settings();
    String components = options.getOrDefault("components", "all");
    Damping damping =
        Optional.ofNullable(options.get("damping"))
            .<Damping>map(value -> new Damping.Absolute(Double.parseDouble(value)))
            .orElseGet(() ->
                new Damping.Relative(
                    Double.parseDouble(options.getOrDefault("damping-ratio", "0.1"))));
    return IndexSettings.DEFAULT
        .withCurvature(
            CurvatureKind.valueOf(
                options.getOrDefault("curvature", "ekfac").toUpperCase(Locale.ROOT)))
        .withDamping(damping)
        .withKeeps(
            Keeps.of(components, Optional.of(Integer.parseInt(options.getOrDefault("bits", "32")))))
        .withSeed(Long.parseLong(options.getOrDefault("seed", "0")))
        .withSelfInfluence(Boolean.parseBoolean(options.get("self-influence")));
  }

  /**
   * Refuses a run that is not the one that the index was made with.
   *
   * @throws InvalidInputException when it was fitted again since
   */
  void requireOf(RunFolder run) {
    requireOf(path, manifest, run);
  }

  static void requireOf(Path path, InfluenceIndexManifest manifest, RunFolder run) {
    try {
      run.requireManifest(manifest.runSha256());
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          "%s was made with another fit of %s; build it again with 'whence index build --force'"
              .formatted(path, run.path()),
          e);
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    owned.forEach(Corpus::close);
  }
}
