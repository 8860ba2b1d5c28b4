package dev.whence.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.corpus.Selection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CandidatesTest {
  private static final Map<String, String> SETTINGS = Map.of("candidates", "3");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void unionHasEachQuerysPlacesOnceAndInOrder(long seed) {
    Random random = new Random(seed);
    List<long[]> places = new ArrayList<>();
    TreeSet<Long> union = new TreeSet<>();
    for (int q = 0; q < 6; q++) {
      long[] own = random.longs(random.nextInt(40), 0, 100).distinct().sorted().toArray();
      places.add(own);
      LongStream.of(own).forEach(union::add);
    }
    Candidates candidates = Candidates.of(places, 100, SETTINGS);
    assertThat(sequences(candidates.union())).containsExactlyElementsOf(union);
    for (int q = 0; q < 6; q++) {
      assertThat(candidates.places(q)).isEqualTo(places.get(q));
      for (long place = 0; place < 100; place++) {
        long wanted = place;
        boolean own = LongStream.of(places.get(q)).anyMatch(p -> p == wanted);
        assertThat(candidates.admits(q, place)).as("seed %d", seed).isEqualTo(own);
        assertThat(candidates.shared().admits(q, place))
            .as("seed %d", seed)
            .isEqualTo(union.contains(place));
      }
    }
  }

  @Test
  void queryWithoutCandidatesAdmitsNothing() {
    Candidates candidates = Candidates.of(List.of(new long[0], new long[0]), 5, SETTINGS);
    assertThat(candidates.queries()).isEqualTo(2);
    assertThat(candidates.union().count()).isZero();
    assertThat(candidates.admits(1, 0)).isFalse();
  }

  @Test
  void sharedCandidatesSaySoInTheirSettings() {
    Candidates candidates = Candidates.of(List.of(new long[] {1}), 5, SETTINGS);
    assertThat(candidates.settings()).isEqualTo(SETTINGS);
    assertThat(candidates.shared().settings()).containsEntry("report-union", "true");
  }

  @Test
  void placesThatAreUnsortedRepeatedOrOutsideTheCorpusAreRefused() {
    for (long[] wrong : List.of(new long[] {2, 1}, new long[] {1, 1}, new long[] {-1})) {
      assertRefused(wrong);
      assertThatThrownBy(() -> Selection.of(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
    assertRefused(5);
  }

  private static void assertRefused(long... wrong) {
    assertThatThrownBy(() -> Candidates.of(List.of(new long[] {0}, wrong), 5, SETTINGS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of query 1 is " + wrong[wrong.length - 1]);
  }

  @Test
  void laterChangesToTheArraysChangeNothing() {
    long[] own = {1, 3};
    Candidates candidates = Candidates.of(List.of(own), 5, SETTINGS);
    own[0] = 2;
    candidates.places(0)[1] = 4;
    assertThat(candidates.places(0)).containsExactly(1, 3);
    assertThat(sequences(candidates.union())).containsExactly(1L, 3L);
  }

  private static List<Long> sequences(Selection selection) {
    return LongStream.range(0, selection.count()).map(selection::at).boxed().toList();
  }
}
