package dev.whence.search;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Query;
import dev.whence.influence.Candidates;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses what is worth scoring: for each query the sequences that share most terms with its prompt
 * and completion (Grosse et al. 2023, section 3.2.1).
 *
 * @param count the most sequences for a query; the paper keeps 10,000
 */
public record Filter(int count, Bm25 bm25) {
  public Filter {
    if (count < 1) {
      throw new InvalidInputException("--candidates is " + count + " but must be at least 1");
    }
  }

  /** The best sequences for each query; fewer where fewer share a term with it. */
  public Candidates candidates(SequenceIndex index, List<Query> queries, Progress progress) {
    List<long[]> places = new ArrayList<>();
    try (Progress.Stage stage = progress.begin("filtering", queries.size(), "queries")) {
      for (Query query : queries) {
        places.add(
            index.best(query.tokens(), bm25, count).stream()
                .mapToLong(SequenceIndex.Match::place)
                .sorted()
                .toArray());
        stage.advance(1);
      }
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("candidates", "" + count);
    settings.put("bm25", bm25.toString());
    settings.put("candidate-terms", index.manifest().terms().toString());
    return Candidates.of(places, index.manifest().corpus().sequences(), settings);
  }
}
