package dev.whence.fit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.model.Linear;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.tensor.Transfers;
import dev.whence.testing.TestDevice;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.PassRanges;
import dev.whence.trace.PassState;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a GPU would have to wait for: a batch is sent as one array, and nothing of it is read back
 * but its scores. Counted on the CPU, where it is the same.
 */
@Tag(TestDevice.TAG)
class DeviceTrafficTest {
  private static final long SEED = 41;
  private static final int BATCH_TOKENS = 20;

  @TempDir private Path folder;

  /** Batches and chunks of a pass, and what passed. */
  private record Counted(long batches, long chunks, Transfers.Counts transfers) {}

  @ParameterizedTest
  @MethodSource("dev.whence.testing.Oracle#names")
  void fitsBatchIsSentAtOnceAndNeverRead(String oracle) {
    try (LanguageModel model = Workbench.model(oracle);
        Corpus corpus = corpus()) {
      List<Linear> layers = LayerSelection.LINEAR.of(model);
      InputGroups groups = InputGroups.of(model, layers);
      try (Covariances covariances =
          new Covariances(layers, groups, 1, DType.FLOAT64, model.device(), true)) {
        assertNothingElse(fit(model, layers, corpus, covariances));
        try (Bases bases =
                Bases.decompose(
                    layers, groups, covariances, DType.FLOAT64, Optional.empty(), (_, _) -> {});
            SequenceSquares squares = squares(model, layers, bases.kronecker())) {
          assertNothingElse(fit(model, layers, corpus, squares));
        }
      }
    }
  }

  private static SequenceSquares squares(
      LanguageModel model, List<Linear> layers, List<Optional<Kronecker>> bases) {
    return new SequenceSquares(layers, bases, true, DType.FLOAT64, model.device(), true);
  }

  private static void assertNothingElse(Counted counted) {
    assertThat(counted.chunks).isGreaterThan(2);
    assertThat(counted.batches).isGreaterThan(10 * counted.chunks);
    assertThat(counted.transfers.sent()).isEqualTo(counted.batches);
    assertThat(counted.transfers.waits()).as("looks for NaN").isEqualTo(counted.chunks);
  }

  private static Counted fit(
      LanguageModel model, List<Linear> layers, Corpus corpus, PassState state) {
    Targets targets = new Targets.Sampled(SEED, 0);
    PassRanges ranges = ranges(corpus);
    return counted(
        corpus,
        model,
        (_, batch) -> state.add(Trace.of(model, layers, batch, targets), batch),
        next -> {
          state.endChunk(ranges.endsRange(next));
          state.requireFinite();
        });
  }

  @ParameterizedTest
  @MethodSource("dev.whence.testing.Oracle#names")
  void scannedBatchIsReadOnce(String oracle) {
    for (int rank : new int[] {0, 2}) {
      try (LanguageModel model = Workbench.model(oracle);
          Corpus corpus = corpus()) {
        List<Linear> layers = LayerSelection.LINEAR.of(model);
        List<Curvature> identity = Collections.nCopies(layers.size(), new Curvature.Identity());
        try (PreconditionedQueries queries =
            PreconditionedQueries.of(
                model, layers, queries(model), identity, rank, Progress.NONE)) {
          InfluenceScan scan =
              new InfluenceScan(
                  model, layers, Optional.of(queries), InfluenceScan.Detail.NONE, Optional.empty());
          Counted counted =
              counted(
                  corpus,
                  model,
                  (_, batch) -> {
                    double[] _ = scan.score(batch).influences();
                  },
                  _ -> {});
          assertThat(counted.transfers.sent()).isEqualTo(counted.batches);
          assertThat(counted.transfers.waits()).isEqualTo(counted.batches);
        }
      }
    }
  }

  /** Queries are read once for each batch of them: whether they are numbers, and how likely. */
  @ParameterizedTest
  @MethodSource("dev.whence.testing.Oracle#names")
  void queriesAreReadByTheBatch(String oracle) {
    try (LanguageModel model = Workbench.model(oracle)) {
      List<Linear> layers = LayerSelection.LINEAR.of(model);
      List<Curvature> identity = Collections.nCopies(layers.size(), new Curvature.Identity());
      for (int rank : new int[] {0, 2}) {
        Runnable prepare =
            () ->
                PreconditionedQueries.of(
                        model, layers, queries(model), identity, rank, Progress.NONE)
                    .close();
        prepare.run(); // makes the tables of positions
        assertThat(Transfers.of(prepare)).isEqualTo(new Transfers.Counts(1, 2));
      }
    }
  }

  private static List<Query> queries(LanguageModel model) {
    Random random = new Random(SEED);
    List<Query> queries = new ArrayList<>();
    for (int q = 0; q < 5; q++) {
      int[] tokens = random.ints(9, 1, model.vocabularySize()).toArray();
      queries.add(new Query("q" + q, new int[] {1}, tokens, "", ""));
    }
    return queries;
  }

  private Corpus corpus() {
    int[] lengths = new Random(SEED).ints(70, 9, 20).toArray();
    return Workbench.corpus(folder, Workbench.documents(SEED, lengths));
  }

  private static PassRanges ranges(Corpus corpus) {
    return PassRanges.of(corpus, Selection.all(corpus.size()), BATCH_TOKENS);
  }

  /** Counts in the second of two passes: the first makes the tables of positions. */
  private static Counted counted(
      Corpus corpus,
      LanguageModel model,
      CorpusPass.Step step,
      java.util.function.LongConsumer chunkDone) {
    long[] done = new long[2];
    Runnable pass =
        () ->
            new CorpusPass(
                    corpus,
                    Selection.all(corpus.size()),
                    ranges(corpus),
                    BATCH_TOKENS,
                    model.device())
                .run(
                    0,
                    (places, batch) -> {
                      done[0]++;
                      step.take(places, batch);
                    },
                    next -> {
                      done[1]++;
                      chunkDone.accept(next);
                    },
                    Progress.NONE.begin("", 0, ""));
    pass.run();
    done[0] = 0;
    done[1] = 0;
    Transfers.Counts transfers = Transfers.of(pass);
    return new Counted(done[0], done[1], transfers);
  }
}
