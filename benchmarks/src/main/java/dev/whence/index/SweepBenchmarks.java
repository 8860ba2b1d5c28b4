package dev.whence.index;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.CorpusSummary;
import dev.whence.corpus.Tokenization;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Folders;
import dev.whence.folder.ModelSource;
import dev.whence.index.InfluenceIndex.IndexedShard;
import dev.whence.index.InfluenceIndexManifest.Part;
import dev.whence.influence.TopInfluences;
import dev.whence.tensor.Parallel;
import dev.whence.tensor.Tensor;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One question's sweep over an index of the dictionary's size, beside copying the same bytes: as
 * many sequences, of as many tokens, which are as unevenly used.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class SweepBenchmarks {
  private static final int SEQUENCES = 117_791;
  private static final int TOKENS = 31;
  private static final int VOCABULARY = 2_048;
  private static final int QUERY_TOKENS = 24;
  private static final int COPIED = 1 << 20;

  /** The default, and one of 4 KB a sequence. */
  @Param({"240", "1000"})
  public int components;

  private final Random random = new Random(1);
  private @Nullable Path folder;
  private @Nullable Corpus corpus;
  private @Nullable InfluenceIndex index;
  private @Nullable Sweep sweep;
  private final byte[][] copies = new byte[2][COPIED]; // of each core

  /** Writes a corpus of random tokens and an index of random records. */
  @Setup(Level.Trial)
  public void write() throws IOException {
    Path work = Files.createTempDirectory("whence-sweep");
    folder = work;
    Path file = work.resolve("corpus.jsonl");
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (int n = 0; n < SEQUENCES; n++) {
        lines.write("{\"tokens\": " + Arrays.toString(tokens(TOKENS)) + "}\n");
      }
    }
    Corpus opened =
        Corpus.open(
            CorpusSource.of(file),
            new Tokenization(Optional.empty(), TOKENS, VOCABULARY),
            work.resolve("cache"),
            Progress.NONE);
    corpus = opened;
    SidesFormat format = new SidesFormat(components / 2, 1);
    List<InfluenceIndexManifest.Shard> shards;
    try (ShardWriter writer = new ShardWriter(work, opened, format.bytes(), 0, Shards.SEQUENCES)) {
      for (long place = 0; place < opened.size(); place++) {
        byte[] records = new byte[InfluenceIndex.positions(opened, place) * format.bytes()];
        random.nextBytes(records);
        MemorySegment segment = MemorySegment.ofArray(records);
        for (long at = 0; at < records.length; at += format.bytes()) {
          PositionFormat.putScale(1, segment, at); // random bytes may be no number
        }
        writer.write(place, segment, 1);
      }
      shards = writer.finish();
    }
    InfluenceIndexManifest manifest =
        new InfluenceIndexManifest(
            FolderKind.INFLUENCE_INDEX.id(),
            InfluenceIndexManifest.FORMAT,
            "",
            "",
            new ModelSource("", "", ""),
            "",
            "",
            IndexSettings.DEFAULT.withKeeps(new Keeps.Sides(components, 1)).options(),
            format.bytes(),
            List.of(new Part(CorpusSummary.of(opened), shards)),
            MatchWeights.usual(6),
            Optional.empty());
    InfluenceIndex whole = InfluenceIndex.of(work, manifest, List.of(opened));
    index = whole;
    sweep =
        new Sweep(
            whole, Comparison.ByPositions.of(format, List.of(query(format)), manifest.weights()));
  }

  /** Tokens of which the n-th is used about 1/n as often as the first, as words are. */
  private int[] tokens(int count) {
    return random.doubles(count).mapToInt(share -> (int) Math.pow(VOCABULARY, share) - 1).toArray();
  }

  private QuerySketch query(SidesFormat format) {
    float[][] numbers = new float[QUERY_TOKENS - 1][format.numbers()];
    for (float[] position : numbers) {
      for (int i = 0; i < position.length; i++) {
        position[i] = (float) random.nextGaussian();
      }
    }
    return new QuerySketch(tokens(QUERY_TOKENS), numbers);
  }

  /** Estimates all sequences' influences and keeps the strongest. */
  @Benchmark
  public TopInfluences sweep() {
    TopInfluences top = new TopInfluences(1, 200);
    Objects.requireNonNull(sweep).run((place, estimates) -> top.add(0, place, estimates[0]));
    return top;
  }

  /** Copies all records, each core its share, to memory that stays near it. */
  @Benchmark
  public void copy() {
    List<Callable<List<Tensor>>> pieces = new ArrayList<>();
    for (IndexedShard shard : Objects.requireNonNull(index).shards()) {
      MemorySegment codes = shard.codes();
      long half = codes.byteSize() / 2;
      for (int core = 0; core < 2; core++) {
        long from = core * half;
        MemorySegment target = MemorySegment.ofArray(copies[core]);
        pieces.add(() -> {
          for (long at = from; at + COPIED <= from + half; at += COPIED) {
            MemorySegment.copy(codes, at, target, 0, COPIED);
          }
          return List.of();
        });
      }
    }
    Parallel.run(pieces);
  }

  /** Removes it all. */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    Objects.requireNonNull(index).close();
    Objects.requireNonNull(corpus).close();
    Folders.delete(Objects.requireNonNull(folder));
  }
}
