package dev.whence.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.influence.Candidates;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilterTest {
  @TempDir private Path folder;

  @Test
  void eachQueryHasItsBestByPromptAndCompletionTogether() {
    List<int[]> documents =
        List.of(new int[] {9, 9}, new int[] {1, 2}, new int[] {1, 9}, new int[] {2, 7});
    Library library = new Library(folder);
    try (Corpus corpus = library.tokens("corpus", documents);
        SequenceIndex index = library.index("index", corpus)) {
      Candidates candidates =
          new Filter(2, Bm25.MODIFIED)
              .candidates(
                  index,
                  List.of(query(new int[] {1}, 2), query(new int[] {7}, 50), query(new int[0], 60)),
                  Progress.NONE);
      assertThat(candidates.places(0)).startsWith(1).hasSize(2);
      assertThat(candidates.places(1)).containsExactly(3);
      assertThat(candidates.places(2)).isEmpty();
      assertThat(candidates.settings())
          .containsEntry("candidates", "2")
          .containsEntry("bm25", "modified")
          .containsEntry("candidate-terms", "tokens");
    }
  }

  private static Query query(int[] prompt, int... completion) {
    return new Query("q", prompt, completion, "", "");
  }

  @Test
  void noCandidatesAtAllIsAMistake() {
    assertThatThrownBy(() -> new Filter(0, Bm25.PLAIN))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--candidates");
  }
}
