package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.run.Workbench;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassRangesTest {
  private static final long SEED = 8;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 300, 1100})
  void rangesLieEndToEndOfWholeChunksAndAreNoMoreThan256(int sequences) {
    int[] lengths = new Random(SEED).ints(sequences, 2, 30).toArray();
    try (Corpus corpus = Workbench.corpus(folder, Workbench.documents(SEED, lengths))) {
      Selection all = Selection.all(corpus.size());
      PassRanges ranges = PassRanges.of(corpus, all, 1); // 16 tokens a chunk
      assertThat(ranges.count()).isBetween(1, PassRanges.MOST);
      assertThat(ranges.severalChunks()).isEqualTo(ranges.chunkEnds().length > PassRanges.MOST);
      long at = 0;
      for (int r = 0; r < ranges.count(); r++) {
        PassRanges.Range range = ranges.range(r);
        assertThat(range.from()).isEqualTo(at);
        int chunks = 0;
        while (at < range.to()) {
          long end = ranges.chunkEnd(at);
          chunks++;
          assertThat(ranges.endsRange(end)).isEqualTo(end == range.to());
          at = end;
        }
        assertThat(chunks).isBetween(1, ranges.chunksPerRange());
      }
      assertThat(at).isEqualTo(corpus.size());
    }
  }
}
