package dev.whence.lab.dictionary;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Dictionary entries as queries: the words as prompt, the gloss as completion. */
public final class EntryQueries {
  private EntryQueries() {}

  /**
   * Draws entries that a corpus holds.
   *
   * @throws InvalidInputException when it holds fewer, or {@code count} is less than 1
   */
  public static List<Query> draw(Corpus corpus, Tokenizer tokenizer, int count, long seed) {
    if (count < 1) {
      throw new InvalidInputException("--count is " + count + " but must be at least 1");
    }
    Map<String, WordNet.Synset> synsets = new HashMap<>();
    WordNet.forEach(s -> synsets.put(s.id(), s));
    List<String> ids = new ArrayList<>();
    for (long i = 0; i < corpus.size(); i++) {
      Sequence sequence = corpus.sequence(i);
      if (sequence.sequenceIndex() == 0 && synsets.containsKey(sequence.documentId())) {
        ids.add(sequence.documentId());
      }
    }
    if (ids.size() < count) {
      throw new InvalidInputException(
          "the corpus holds %d entries of the dictionary, fewer than --count %d; write it with 'whence dictionary'"
              .formatted(ids.size(), count));
    }
    Collections.shuffle(ids, new Random(seed));
    return ids.subList(0, count).stream()
        .flatMap(id -> Optional.ofNullable(synsets.get(id)).stream())
        .map(s -> QueryFile.of(s.id(), s.prompt(), s.completion(), tokenizer))
        .toList();
  }
}
