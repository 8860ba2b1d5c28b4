package dev.whence.lab.dictionary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Query;
import dev.whence.corpus.Tokenization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RelevanceTest {
  @TempDir private Path folder;

  private static String id(List<WordNet.Synset> all, String word, String gloss) {
    return all.stream()
        .filter(s -> s.words().contains(word) && s.gloss().startsWith(gloss))
        .map(WordNet.Synset::id)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void neighboursAreHypernymsHyponymsAndOtherSensesButNotTheEntryItself() throws IOException {
    List<WordNet.Synset> all = new ArrayList<>();
    WordNet.forEach(all::add);
    String dog = id(all, "dog", "a member of the genus Canis");
    String fellow = id(all, "dog", "informal term for a man"); // another sense
    String canine = id(all, "canine", "any of various fissiped mammals"); // its hypernym
    String puppy = id(all, "puppy", "a young dog"); // its hyponym
    String cat = id(all, "cat", "feline mammal");
    // Of two tokens a sequence, so that the entry's own document has two of them.
    Path file = folder.resolve("corpus.jsonl");
    Files.write(
        file,
        List.of(
            line(cat, "[1, 2]"),
            line(puppy, "[1, 2]"),
            line(dog, "[1, 2, 3, 4]"),
            line(fellow, "[1, 2]"),
            line(canine, "[1, 2]")));
    try (Corpus corpus =
        Corpus.open(
            CorpusSource.of(file),
            new Tokenization(Optional.empty(), 2, 10),
            folder.resolve("cache"),
            Progress.NONE)) {
      Query query = new Query(dog, new int[] {1}, new int[] {2}, "dog:", " a member");
      Relevance relevance = Relevance.of(corpus, List.of(query)).getFirst();
      assertThat(relevance.own()).isEqualTo(places(corpus, dog)).hasSizeGreaterThan(1);
      Set<Integer> neighbours = places(corpus, puppy);
      neighbours.addAll(places(corpus, fellow));
      neighbours.addAll(places(corpus, canine));
      assertThat(relevance.neighbours()).isEqualTo(neighbours).hasSize(3);
    }
  }

  private static String line(String id, String tokens) {
    return "{\"id\": \"%s\", \"tokens\": %s}".formatted(id, tokens);
  }

  private static Set<Integer> places(Corpus corpus, String id) {
    Set<Integer> places = new HashSet<>();
    for (int i = 0; i < corpus.size(); i++) {
      if (corpus.sequence(i).documentId().equals(id)) {
        places.add(i);
      }
    }
    return places;
  }
}
