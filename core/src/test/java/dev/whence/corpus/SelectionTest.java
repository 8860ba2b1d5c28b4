package dev.whence.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SelectionTest {
  @Test
  void aSubsetReachesOverTheWholeCorpus() {
    assertThat(places(Selection.spread(10, 4))).containsExactly(0, 2, 5, 7);
    assertThat(places(Selection.spread(3, 0))).containsExactly(0, 1, 2);
    assertThat(places(Selection.spread(3, 7))).containsExactly(0, 1, 2);
    assertThat(places(Selection.spread(0, 5))).isEmpty();
    assertThat(places(Selection.spread(100_000_000_000L, 1_000_000)))
        .doesNotHaveDuplicates()
        .isSorted();
  }

  @Test
  void chosenPlacesAreKeptAndNothingBeyondThem() {
    Selection selection = Selection.of(0, 4, 1L << 40);
    assertThat(places(selection)).containsExactly(0, 4, 1L << 40);
    assertThatThrownBy(() -> selection.at(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(places(Selection.of())).isEmpty();
  }

  private static long[] places(Selection selection) {
    return LongStream.range(0, selection.count()).map(selection::at).toArray();
  }
}
