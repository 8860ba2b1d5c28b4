package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.curvature.Curvature;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.Curvatures;
import dev.whence.run.RunFolder;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Trace;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What turns traces into an index's records, and scores the sample on the way.
 *
 * @param queries of the sample, if there is one
 * @param rank of those queries; 0 for whole gradients
 * @param exactNorms whether the sequences' norms are computed and not estimated
 * @param scan scores the sample and computes the norms
 * @param opened closes all of it, the last first
 */
record IndexPass(
    Corpus corpus,
    RecallSample sample,
    PositionNumbers numbers,
    PositionFormat format,
    Optional<PreconditionedQueries> queries,
    int rank,
    boolean exactNorms,
    InfluenceScan scan,
    ShardWriter writer,
    List<Runnable> opened)
    implements AutoCloseable {
  /** Bytes of whole preconditioned queries; the sample's are kept at a low rank beyond it. */
  private static final long MOST_QUERY_BYTES = 2L << 30;

  private static final int LOW_RANK = 32;

  /** Makes all that is needed; the caller closes it. */
  static IndexPass open(
      RunFolder run,
      LanguageModel model,
      Corpus corpus,
      IndexSettings settings,
      RecallSample sample,
      Path folder,
      Progress progress) {
    List<Runnable> opened = new ArrayList<>();
    List<Linear> layers = model.linears(run.manifest().layerNames());
    PositionFormat format = settings.keeps().format(layers);
    requireAddressable(format, corpus, settings);
    int rank = rank(model, layers, sample);
    try {
      PositionNumbers numbers =
          switch (settings.keeps()) {
            case Keeps.WholeTraces _ -> new WholeTrace(layers);
            case Keeps.Sides sides -> Projections.ofCorpus(run, model, settings, sides.format());
          };
      opened.add(numbers::close);
      Optional<PreconditionedQueries> queries = Optional.empty();
      if (!sample.isEmpty()) {
        queries = Optional.of(precondition(run, model, layers, settings, sample, rank, progress));
        opened.add(queries.get()::close);
      }
      Optional<List<Curvature>> self = Optional.empty();
      if (settings.selfInfluence() || settings.keeps() instanceof Keeps.WholeTraces) {
        Curvatures curvatures = curvatures(run, model, settings);
        opened.add(curvatures::close);
        self = Optional.of(curvatures.layers());
      }
      ShardWriter writer = new ShardWriter(folder, corpus, format.bytes(), 0, Shards.SEQUENCES);
      opened.add(writer::close);
      return new IndexPass(
          corpus,
          sample,
          numbers,
          format,
          queries,
          rank,
          self.isPresent(),
          new InfluenceScan(model, layers, queries, InfluenceScan.Detail.NONE, self),
          writer,
          opened);
    } catch (RuntimeException e) {
      opened.reversed().forEach(Runnable::run);
      throw e;
    }
  }

  private static int rank(LanguageModel model, List<Linear> layers, RecallSample sample) {
    long elements = layers.stream().mapToLong(layer -> layer.shape().elements()).sum();
    long bytes = elements * sample.queries().size() * model.type().accumulator().bytes();
    return bytes <= MOST_QUERY_BYTES ? 0 : LOW_RANK;
  }

  /** A batch's numbers, and a sequence's records, are in one array each. */
  private static void requireAddressable(
      PositionFormat format, Corpus corpus, IndexSettings settings) {
    long longest = Math.max(settings.compute().batchTokens(), corpus.maximumLength());
    if (longest * Math.max(format.numbers(), format.bytes()) > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "positions of %,d bytes are too many for batches of %,d; lower --batch-tokens or --components"
              .formatted(format.bytes(), longest));
    }
  }

  /** The factors are in memory no longer than this takes. */
  private static PreconditionedQueries precondition(
      RunFolder run,
      LanguageModel model,
      List<Linear> layers,
      IndexSettings settings,
      RecallSample sample,
      int rank,
      Progress progress) {
    try (Curvatures curvatures = curvatures(run, model, settings)) {
      return PreconditionedQueries.of(
          model, layers, sample.queries(), curvatures.layers(), rank, progress);
    }
  }

  private static Curvatures curvatures(RunFolder run, LanguageModel model, IndexSettings settings) {
    return Curvatures.of(
        run.factors(model.type().accumulator(), model.device()),
        settings.curvature(),
        settings.damping());
  }

  /**
   * Writes the records of a batch.
   *
   * @param places of the sequences in the corpus
   * @param influence on the sample's queries, [batch, queries], where it was computed already
   */
  void take(long[] places, Examples batch, Trace trace, Optional<Tensor> influence) {
    Optional<Tensor> squaredNorms = Optional.empty();
    if (influence.isPresent() && !exactNorms) {
      sample.take(places, influence.get());
    } else {
      InfluenceScan.Scores scores = scan.score(batch, trace);
      scores.influence().ifPresent(own -> sample.take(places, own));
      squaredNorms = scores.selfInfluence();
    }
    Tensor positions = numbers.of(trace); // [batch, positions, components]
    float[] norms =
        squaredNorms.orElseGet(() -> Projections.squaredNorms(positions)).sqrt().toFloats();
    float[] flat = positions.toFloats();
    int padded = (int) positions.size(1);
    for (int row = 0; row < places.length; row++) {
      int count = InfluenceIndex.positions(corpus, places[row]);
      MemorySegment records = MemorySegment.ofArray(new byte[count * format.bytes()]);
      for (int t = 0; t < count; t++) {
        format.encode(
            flat, (row * padded + t) * format.numbers(), records, (long) t * format.bytes());
      }
      writer.write(places[row], records, norms[row]);
    }
  }

  @Override
  public void close() {
    opened.reversed().forEach(Runnable::run);
  }
}
