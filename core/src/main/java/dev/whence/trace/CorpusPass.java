package dev.whence.trace;

import dev.whence.Progress;
import dev.whence.corpus.Batches;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.corpus.Sequence;
import dev.whence.tensor.Device;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.Scope;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * One pass over a corpus in batches of similar length. Sequences are taken in chunks of consecutive
 * ones: batches are packed within a chunk, so that padding is little, and a pass can be taken up
 * again at any chunk's end (see {@link PassRanges}).
 */
public final class CorpusPass {
  private final Corpus corpus;
  private final Selection selection;
  private final PassRanges ranges;
  private final int batchTokens;
  private final Device device;
  private final NativeMemory.Watch memory = new NativeMemory.Watch();

  /** What is done with a batch, in a scope of its own. */
  @FunctionalInterface
  public interface Step {
    /**
     * Takes the next batch.
     *
     * @param places of the sequences in the selection, one for each row of the batch
     */
    void take(long[] places, TokenBatch batch);
  }

  /** A pass whose chunks follow from its batches. */
  public CorpusPass(Corpus corpus, Selection selection, int batchTokens, Device device) {
    this(corpus, selection, PassRanges.of(corpus, selection, batchTokens), batchTokens, device);
  }

  /**
   * A pass.
   *
   * @param ranges of the selection
   * @param batchTokens of a batch, which may be fewer than the ranges were cut for: memory decides
   */
  public CorpusPass(
      Corpus corpus, Selection selection, PassRanges ranges, int batchTokens, Device device) {
    this.corpus = corpus;
    this.selection = selection;
    this.ranges = ranges;
    this.batchTokens = batchTokens;
    this.device = device;
  }

  /** Some consecutive sequences, packed into batches. */
  public final class Chunk {
    private final long end;
    private final List<long[]> batches;

    private Chunk(long start) {
      this.end = ranges.chunkEnd(start);
      this.batches =
          Batches.of(place -> corpus.length(selection.at(place)), start, end, batchTokens);
    }

    /** The places in the selection of each batch's sequences. */
    public List<long[]> batches() {
      return batches;
    }

    /** The tokens of one of the batches; belongs to the caller's scope. */
    public TokenBatch tokens(long[] places) {
      return tokens(places, device);
    }

    /** The tokens of one of the batches on some device; belongs to the caller's scope. */
    public TokenBatch tokens(long[] places, Device on) {
      return CorpusPass.this.tokens(places, on);
    }
  }

  /**
   * Goes through the selection to its end.
   *
   * @param from the place to begin at: 0, or a value that {@code chunkDone} was given
   * @param chunkDone is told the place after each finished chunk
   */
  public void run(long from, Step step, LongConsumer chunkDone, Progress.Stage stage) {
    run(new PassRanges.Range(from, selection.count()), step, chunkDone, stage);
  }

  /**
   * Goes through a part of the selection.
   *
   * @param part begins and ends where chunks do
   * @param chunkDone is told the place after each finished chunk
   */
  public void run(PassRanges.Range part, Step step, LongConsumer chunkDone, Progress.Stage stage) {
    chunks(part, chunk -> take(chunk, step, stage), chunkDone);
  }

  /** Sends each batch before its predecessor is computed. */
  private void take(Chunk chunk, Step step, Progress.Stage stage) {
    Iterator<long[]> places = chunk.batches.iterator();
    Optional<Ahead> ahead = Ahead.next(chunk, places);
    while (ahead.isPresent()) {
      try (Ahead now = ahead.get()) {
        ahead = Optional.empty(); // closed here, whatever happens to the next
        ahead = Ahead.next(chunk, places);
        try (Scope _ = Scope.open()) {
          step.take(now.places, now.batch);
        }
        memory.batchDone();
        stage.advance(now.places.length);
      } catch (RuntimeException | Error e) {
        ahead.ifPresent(Ahead::close);
        throw e;
      }
    }
  }

  /** A batch on its way. */
  private record Ahead(long[] places, TokenBatch batch) implements AutoCloseable {
    static Optional<Ahead> next(Chunk chunk, Iterator<long[]> batches) {
      if (!batches.hasNext()) {
        return Optional.empty();
      }
      long[] places = batches.next();
      try (Scope _ = Scope.open()) {
        return Optional.of(new Ahead(places, chunk.tokens(places).keep()));
      }
    }

    @Override
    public void close() {
      batch.close();
    }
  }

  /** Goes through the selection for work that sees a chunk's batches several times. */
  public void chunks(long from, Consumer<Chunk> step, LongConsumer chunkDone) {
    chunks(new PassRanges.Range(from, selection.count()), step, chunkDone);
  }

  private void chunks(PassRanges.Range part, Consumer<Chunk> step, LongConsumer chunkDone) {
    for (long start = part.from(); start < part.to(); ) {
      Chunk chunk = new Chunk(start);
      step.accept(chunk);
      chunkDone.accept(chunk.end);
      start = chunk.end;
    }
  }

  private TokenBatch tokens(long[] places, Device on) {
    List<TokenBatch.Row> rows = new ArrayList<>();
    for (long place : places) {
      Sequence sequence = corpus.sequence(selection.at(place));
      rows.add(TokenBatch.Row.whole(sequence.tokens(), key(sequence)));
    }
    return TokenBatch.of(rows, on);
  }

  /**
   * A number that a sequence keeps in any corpus and any order: of its document's id and its place
   * there (FNV-1a).
   */
  static long key(Sequence sequence) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : sequence.documentId().getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return (hash ^ sequence.sequenceIndex()) * 0x100000001b3L;
  }
}
