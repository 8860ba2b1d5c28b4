package dev.whence.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.lab.dictionary.Relevance;
import dev.whence.lab.dictionary.WordNet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DictionaryRecallTest {
  @Test
  void ranksCountTiesAndNonNumbersAgainstTheMethod() {
    float[][] scores = {{3, 1, 3, Float.NaN}, {0, 5, 1, 2}};
    List<Relevance> relevance =
        List.of(new Relevance(Set.of(0), Set.of()), new Relevance(Set.of(2, 3), Set.of()));
    DictionaryRecall recall = DictionaryRecall.of("m", scores, relevance);
    assertThat(recall.ranks()).containsExactly(3, 2);
    assertThat(recall.median()).isEqualTo(2.5);
    assertThat(recall.inTop(2).mean()).isEqualTo(0.5);
    assertThat(recall.averagePrecision()).isEmpty();
    assertThat(recall.meanAveragePrecision()).isEmpty();
  }

  @Test
  void averagePrecisionLeavesTheOwnDocumentOut() {
    // Without place 0 the order is 1, 2, 3, 4; neighbours are first and third.
    float[] scores = {9, 8, 7, 6, 5};
    Relevance relevance = new Relevance(Set.of(0), Set.of(1, 3));
    assertThat(DictionaryRecall.averagePrecision(scores, relevance))
        .isCloseTo((1 + 2 / 3.0) / 2, within(1e-12));
    assertThat(DictionaryRecall.averagePrecision(new float[5], relevance))
        .as("all equal: the neighbours are the last two of four")
        .isCloseTo((1 / 3.0 + 2 / 4.0) / 2, within(1e-12));
  }

  @Test
  void neighboursAreHypernymsHyponymsAndOtherSenses() {
    List<WordNet.Synset> all = new ArrayList<>();
    WordNet.forEach(all::add);
    WordNet.Synset dog =
        all.stream().filter(s -> s.id().startsWith("dog.n.")).findFirst().orElseThrow();
    List<String> related =
        all.stream()
            .filter(s -> dog.related().contains(s.key()))
            .map(s -> s.words().getFirst())
            .toList();
    assertThat(related).contains("canine", "puppy");
    assertThat(dog.related()).as("every pointer leads somewhere").hasSize(related.size());
  }
}
