package dev.whence.lab.dictionary;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WordNetTest {
  @Test
  void aLineGivesWordsAndGloss() {
    WordNet.Synset synset =
        WordNet.parse(
            "00002137 03 n 02 abstraction 0 abstract_entity 0 001 @ 00001740 n 0000 | a general"
                + " concept; \"an example | with a bar\"  ");
    assertThat(synset.id()).isEqualTo("abstraction.n.00002137");
    assertThat(synset.text())
        .isEqualTo("abstraction, abstract entity: a general concept; \"an example | with a bar\"");
  }

  @Test
  void markersOfAdjectivesAreNoPartOfTheWord() {
    WordNet.Synset synset =
        WordNet.parse("00013887 00 s 01 galore(ip) 0 001 & 00013662 a 0000 | in great numbers");
    assertThat(synset.words()).containsExactly("galore");
  }

  @Test
  void allSynsetsAreThereAndTheirIdsDiffer() {
    Set<String> ids = new HashSet<>();
    List<String> empty = new ArrayList<>();
    WordNet.forEach(s -> {
      ids.add(s.id());
      if (s.gloss().isBlank()) {
        empty.add(s.id());
      }
    });
    assertThat(ids).hasSize(WordNet.SYNSETS);
    assertThat(empty).isEmpty();
  }
}
