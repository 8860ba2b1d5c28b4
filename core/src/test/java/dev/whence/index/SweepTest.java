package dev.whence.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.attribution.Bench;
import dev.whence.index.InfluenceIndex.IndexedShard;
import dev.whence.index.InfluenceIndexManifest.Part;
import dev.whence.index.InfluenceIndexManifest.Shard;
import dev.whence.run.Workbench;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepTest {
  private static final SidesFormat FORMAT = new SidesFormat(32, 1);
  private static final IndexSettings SETTINGS =
      IndexSettings.DEFAULT
          .withKeeps(new Keeps.Sides(64, 1))
          .withRecallQueries(0)
          .computing(c -> c.withBatchTokens(64));

  @TempDir private Path folder;

  @Test
  void piecesAndShardsOfAnySizeGiveTheSameEstimates() throws Exception {
    try (Bench bench = Bench.open(folder)) {
      Path path = folder.resolve("index");
      IndexBuild.run(
          bench.run(), bench.model(), bench.corpus(), SETTINGS, path, false, Progress.NONE);
      try (InfluenceIndex index = InfluenceIndex.open(path, bench.corpus())) {
        List<QuerySketch> queries = List.of(query(1), query(2));
        float[][] expected = estimates(index, queries, 1000);
        assertThat(Stream.of(expected).filter(row -> row[0] != 0 && row[1] != 0)).isNotEmpty();
        for (int piece : new int[] {1, 3, 19, 20}) {
          assertThat(estimates(index, queries, piece))
              .as("pieces of %d", piece)
              .isEqualTo(expected);
        }
        for (int size : new int[] {1, 7, 20}) {
          try (InfluenceIndex sharded = sharded(index, bench, size)) {
            assertThat(sharded.shards()).hasSize(Math.ceilDiv(20, size));
            assertThat(estimates(sharded, queries, 3)).as("shards of %d", size).isEqualTo(expected);
            assertThat(sharded.norm(13)).isEqualTo(index.norm(13));
          }
        }
      }
    }
  }

  /** A query of random numbers over the corpus's tokens. */
  private static QuerySketch query(long seed) {
    Random random = new Random(seed);
    int[] tokens = random.ints(9, 0, Workbench.VOCABULARY).toArray();
    float[][] numbers = new float[tokens.length - 1][FORMAT.numbers()];
    for (float[] position : numbers) {
      for (int i = 0; i < position.length; i++) {
        position[i] = (float) random.nextGaussian();
      }
    }
    return new QuerySketch(tokens, numbers);
  }

  private static float[][] estimates(InfluenceIndex index, List<QuerySketch> queries, int piece) {
    float[][] estimates = new float[(int) index.size()][];
    new Sweep(index, Comparison.ByPositions.of(FORMAT, queries, MatchWeights.usual(4)), piece)
        .run((place, ofQueries) -> estimates[(int) place] = ofQueries.clone());
    return estimates;
  }

  /** The same records in shards of another size, written in any order. */
  private InfluenceIndex sharded(InfluenceIndex index, Bench bench, int size) throws Exception {
    Path path = Files.createDirectory(folder.resolve("shards-of-" + size));
    IndexedShard whole = index.shards().getFirst();
    int sequences = whole.sequences();
    long[] starts = new long[sequences + 1];
    for (int n = 0; n < sequences; n++) {
      starts[n + 1] =
          starts[n] + (long) InfluenceIndex.positions(bench.corpus(), n) * FORMAT.bytes();
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, sequences).boxed().toList());
    Collections.shuffle(order, new Random(size));
    List<Shard> shards;
    try (ShardWriter writer = new ShardWriter(path, bench.corpus(), FORMAT.bytes(), 0, size)) {
      for (int n : order) {
        byte[] records = new byte[(int) (starts[n + 1] - starts[n])];
        MemorySegment.copy(
            whole.codes(), starts[n], MemorySegment.ofArray(records), 0, records.length);
        writer.write(n, MemorySegment.ofArray(records), (float) index.norm(n));
      }
      shards = writer.finish();
    }
    List<Part> parts = List.of(new Part(index.manifest().parts().getFirst().corpus(), shards));
    return InfluenceIndex.of(path, index.manifest().withParts(parts), List.of(bench.corpus()));
  }
}
