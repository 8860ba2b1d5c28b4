package dev.whence.lab.dictionary;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which sequences of a corpus bear on a query that is a dictionary entry.
 *
 * @param own the sequences of the entry's own document
 * @param neighbours the sequences of its hypernyms, its hyponyms and other senses of its words
 */
public record Relevance(Set<Integer> own, Set<Integer> neighbours) {

  /** Finds the relevant sequences of each query. */
  public static List<Relevance> of(Corpus corpus, List<Query> queries) {
    Map<String, WordNet.Synset> byId = new HashMap<>();
    Map<String, String> idOfKey = new HashMap<>();
    Map<String, Set<String>> idsOfWord = new HashMap<>();
    WordNet.forEach(synset -> {
      byId.put(synset.id(), synset);
      idOfKey.put(synset.key(), synset.id());
      synset
          .words()
          .forEach(word -> idsOfWord.computeIfAbsent(word, _ -> new HashSet<>()).add(synset.id()));
    });
    Map<String, Set<Integer>> places = new HashMap<>();
    for (int i = 0; i < corpus.size(); i++) {
      places.computeIfAbsent(corpus.sequence(i).documentId(), _ -> new HashSet<>()).add(i);
    }
    List<Relevance> all = new ArrayList<>();
    for (Query query : queries) {
      WordNet.Synset synset = byId.get(query.id());
      if (synset == null) {
        throw new IllegalArgumentException(query.id() + " is no entry of the dictionary");
      }
      Set<String> ids = new HashSet<>();
      synset.related().stream().filter(idOfKey::containsKey).map(idOfKey::get).forEach(ids::add);
      synset.words().forEach(word -> ids.addAll(idsOfWord.getOrDefault(word, Set.of())));
      ids.remove(query.id());
      Set<Integer> neighbours = new HashSet<>();
      ids.forEach(id -> neighbours.addAll(places.getOrDefault(id, Set.of())));
      all.add(new Relevance(places.getOrDefault(query.id(), Set.of()), neighbours));
    }
    return all;
  }
}
