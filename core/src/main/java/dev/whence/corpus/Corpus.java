package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.folder.Hashes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;

/**
 * A tokenised corpus, mapped from its cache: sequences of tokens in the order of the files. Any
 * number of threads may read it; after {@link #close} every access throws {@link
 * IllegalStateException}.
 */
public final class Corpus implements AutoCloseable {
  private final CacheManifest manifest;
  private final int sequenceLength;
  private final Optional<EndTokens> endTokens;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment tokens;
  private final MemorySegment sequences;
  private final MemorySegment documents;

  private Corpus(CorpusCache.Ready cache, int sequenceLength, Optional<EndTokens> endTokens)
      throws IOException {
    manifest = cache.manifest();
    this.sequenceLength = sequenceLength;
    this.endTokens = endTokens;
    try {
      tokens = map(cache.folder(), CacheLayout.TOKENS);
      sequences = map(cache.folder(), CacheLayout.SEQUENCES);
      documents = map(cache.folder(), CacheLayout.DOCUMENTS);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Opens the corpus without a report of progress. */
  public static Corpus open(CorpusSource source, Tokenization tokenization, Path cacheFolder) {
    return open(source, tokenization, cacheFolder, Progress.NONE);
  }

  /**
   * Opens the corpus, tokenising it first unless {@code cacheFolder} has it already. Each document
   * is cut into consecutive sequences of the given length, the last one shorter.
   *
   * @throws InvalidInputException if a file cannot be read, documents are malformed and not
   *     skipped, there is text and no tokenizer, or there are no tokens at all
   * @throws UncheckedIOException if the cache cannot be written or mapped
   */
  public static Corpus open(
      CorpusSource source, Tokenization tokenization, Path cacheFolder, Progress progress) {
    CorpusKey key = CorpusKey.of(source, tokenization, progress);
    var cache = new CorpusCache(cacheFolder);
    try {
      return new Corpus(
          cache.ready(key, source, tokenization, progress),
          tokenization.sequenceLength(),
          tokenization.tokenizer().map(Tokenizer::endTokens));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot map the corpus cache in " + cacheFolder, e);
    }
  }

  /**
   * Opens a corpus that was tokenised before, by what {@link #hash} said of it: its files need not
   * be there any more.
   *
   * @return empty if the cache does not have it, or not whole
   * @throws UncheckedIOException if it cannot be mapped
   */
  public static Optional<Corpus> cached(String hash, int sequenceLength, Path cacheFolder) {
    if (!Hashes.isHash(hash)) {
      return Optional.empty(); // it names a folder below
    }
    Path place = cacheFolder.resolve(hash);
    try {
      Optional<CacheManifest> manifest = CacheManifest.validIn(place, hash);
      return manifest.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Corpus(
                  new CorpusCache.Ready(place, manifest.get()), sequenceLength, Optional.empty()));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot map the corpus cache " + place, e);
    }
  }

  /** The length into which documents were cut. */
  public int sequenceLength() {
    return sequenceLength;
  }

  /** Which tokens its documents begin and end with, where there was a tokenizer. */
  public Optional<EndTokens> endTokens() {
    return endTokens;
  }

  /** How many sequences there are. */
  public long size() {
    return manifest.sequences();
  }

  /** How many tokens the sequence has. */
  public int length(long index) {
    return sequences.get(CacheLayout.INT, entry(index) + CacheLayout.TOKEN_COUNT);
  }

  /**
   * Reads one sequence.
   *
   * @throws IndexOutOfBoundsException if the index is not in 0..size-1
   */
  public Sequence sequence(long index) {
    long entry = entry(index);
    return new Sequence(
        index,
        documentId(sequences.get(CacheLayout.LONG, entry + CacheLayout.DOCUMENT_START)),
        sequences.get(CacheLayout.INT, entry + CacheLayout.SEQUENCE_INDEX),
        sequences.get(CacheLayout.INT, entry + CacheLayout.TOKEN_OFFSET),
        tokens(index));
  }

  /** The sequence's tokens alone, for callers that need not know where they come from. */
  public int[] tokens(long index) {
    long start = sequences.get(CacheLayout.LONG, entry(index) + CacheLayout.TOKEN_START);
    int[] ids = new int[length(index)];
    MemorySegment.copy(tokens, CacheLayout.INT, start * Integer.BYTES, ids, 0, ids.length);
    return ids;
  }

  /** The tokens of the longest sequence. */
  public int maximumLength() {
    return manifest.maximumLength();
  }

  /** The positions that predict a token, over all sequences: one less than its tokens for each. */
  public long totalPositions() {
    return manifest.totalPositions();
  }

  /** The documents that were read, those without tokens included and malformed ones not. */
  public long documents() {
    return manifest.documents();
  }

  /** The lines, rows or files that were malformed and skipped. */
  public long malformed() {
    return manifest.malformed();
  }

  /**
   * The SHA-256 of everything the sequences follow from: file names and contents, tokenizer and
   * settings.
   */
  public String hash() {
    return manifest.hash();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private long entry(long index) {
    return Objects.checkIndex(index, size()) * CacheLayout.RECORD_BYTES;
  }

  private String documentId(long start) {
    byte[] id = new byte[documents.get(CacheLayout.INT, start)];
    MemorySegment.copy(documents, ValueLayout.JAVA_BYTE, start + Integer.BYTES, id, 0, id.length);
    return new String(id, StandardCharsets.UTF_8);
  }

  private MemorySegment map(Path folder, String name) throws IOException {
    try (FileChannel channel = FileChannel.open(folder.resolve(name), StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }
}
