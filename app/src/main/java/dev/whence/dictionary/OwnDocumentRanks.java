package dev.whence.dictionary;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.attribution.InfluenceScan;
import dev.whence.attribution.PreconditionedQueries;
import dev.whence.attribution.Query;
import dev.whence.attribution.QueryFile;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.model.CorpusPass;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A test that the method makes sense: asked with a dictionary entry's words as prompt and its gloss
 * as completion, at which rank does the entry's own document come among all?
 */
public final class OwnDocumentRanks {
  private final RunFolder run;
  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final Corpus corpus;
  private final int batchTokens;
  private final Progress progress;

  /**
   * The ranks of one method, 1 being the best.
   *
   * @param ranks one for each entry
   */
  public record Ranks(CurvatureKind method, long documents, int[] ranks) {
    public double median() {
      int[] sorted = ranks.clone();
      Arrays.sort(sorted);
      int middle = sorted.length / 2;
      return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
    }

    public double meanReciprocal() {
      return Arrays.stream(ranks).mapToDouble(r -> 1.0 / r).average().orElse(0);
    }

    /** The share of entries whose document is among the first {@code n}. */
    public double shareInTop(int n) {
      return Arrays.stream(ranks).filter(r -> r <= n).count() / (double) ranks.length;
    }
  }

  public OwnDocumentRanks(
      RunFolder run,
      LanguageModel model,
      Tokenizer tokenizer,
      Corpus corpus,
      int batchTokens,
      Progress progress) {
    this.run = run;
    this.model = model;
    this.tokenizer = tokenizer;
    this.corpus = corpus;
    this.batchTokens = batchTokens;
    this.progress = progress;
  }

  /** Draws {@code count} entries that the corpus holds. */
  public List<Query> draw(int count, long seed) {
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
    List<Query> queries = new ArrayList<>();
    for (String id : ids.subList(0, count)) {
      WordNet.Synset synset = synsets.get(id);
      if (synset != null) {
        queries.add(QueryFile.of(id, synset.prompt(), synset.completion(), tokenizer));
      }
    }
    return queries;
  }

  /**
   * Ranks the entries' own documents by each method's influence among all sequences, in one pass
   * for all methods.
   */
  public List<Ranks> rank(List<Query> queries, List<CurvatureKind> methods) {
    List<Linear> layers =
        run.manifest().layers().stream().map(l -> model.linear(l.name()).orElseThrow()).toList();
    List<PreconditionedQueries> sets = new ArrayList<>();
    try (RunFolder.Factors factors = run.factors(model.type().accumulator(), model.device())) {
      for (CurvatureKind method : methods) {
        List<Curvature> curvatures =
            factors.layers().stream().map(f -> f.curvature(method, Damping.DEFAULT)).toList();
        sets.add(PreconditionedQueries.of(model, layers, queries, curvatures, 0, progress));
        curvatures.forEach(Curvature::close);
      }
      try (PreconditionedQueries all = PreconditionedQueries.concat(sets)) {
        return rank(queries, methods, scores(layers, all));
      }
    } finally {
      sets.forEach(PreconditionedQueries::close);
    }
  }

  /** Every score: a row for each query and method. */
  private float[][] scores(List<Linear> layers, PreconditionedQueries all) {
    int rows = all.count();
    float[][] scores = new float[rows][Math.toIntExact(corpus.size())];
    InfluenceScan scan =
        new InfluenceScan(
            model, layers, Optional.of(all), InfluenceScan.Detail.NONE, Optional.empty());
    try (Progress.Stage stage = progress.begin("scanning", corpus.size(), "sequences")) {
      scan.run(
          new CorpusPass(corpus, Selection.all(corpus.size()), batchTokens, model.device()),
          0,
          (places, s) -> {
            float[] values = s.influence().orElseThrow().toFloats();
            for (int b = 0; b < places.length; b++) {
              for (int r = 0; r < rows; r++) {
                scores[r][(int) places[b]] = values[b * rows + r];
              }
            }
          },
          _ -> {},
          stage);
    }
    return scores;
  }

  private List<Ranks> rank(List<Query> queries, List<CurvatureKind> methods, float[][] scores) {
    Map<String, Integer> placeOf = new HashMap<>();
    for (int i = 0; i < corpus.size(); i++) {
      placeOf.putIfAbsent(corpus.sequence(i).documentId(), i);
    }
    List<Ranks> results = new ArrayList<>();
    for (int m = 0; m < methods.size(); m++) {
      int[] ranks = new int[queries.size()];
      for (int q = 0; q < ranks.length; q++) {
        Integer own = placeOf.get(queries.get(q).id());
        if (own == null) {
          throw new IllegalStateException("no document for " + queries.get(q).id());
        }
        ranks[q] = rank(scores[m * ranks.length + q], own);
      }
      results.add(new Ranks(methods.get(m), corpus.size(), ranks));
    }
    return results;
  }

  private static int rank(float[] scores, int own) {
    int rank = 1;
    for (int i = 0; i < scores.length; i++) {
      // A tie, or a score that is not a number, counts against the method.
      rank += i != own && !(scores[i] < scores[own]) ? 1 : 0;
    }
    return rank;
  }
}
