package dev.whence.lab.evaluation;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Selection;
import dev.whence.curvature.Curvature;
import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Damping;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.lab.dictionary.Relevance;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.RunFolder;
import dev.whence.search.Bm25;
import dev.whence.search.SequenceIndex;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.Examples;
import dev.whence.trace.TokenBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Ranks a whole corpus for dictionary queries, by influence and by cheaper baselines. */
public final class Rankers {
  private final RunFolder run;
  private final LanguageModel model;
  private final List<Linear> layers;
  private final Corpus corpus;
  private final List<Query> queries;
  private final List<Relevance> relevance;
  private final Progress progress;

  public Rankers(
      RunFolder run, LanguageModel model, Corpus corpus, List<Query> queries, Progress progress) {
    this.run = run;
    this.model = model;
    this.layers = model.linears(run.manifest().layerNames());
    this.corpus = corpus;
    this.queries = queries;
    this.relevance = Relevance.of(corpus, queries);
    this.progress = progress;
  }

  /** Ranks at random. */
  public DictionaryRecall random(long seed) {
    Random random = new Random(seed);
    float[][] scores = empty();
    for (float[] row : scores) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextFloat();
      }
    }
    return DictionaryRecall.of("random", scores, relevance);
  }

  /** Ranks by BM25, with prompt and completion as the query. */
  public DictionaryRecall bm25(SequenceIndex index, Bm25 kind) {
    float[][] scores = empty();
    try (Progress.Stage stage = progress.begin("searching", queries.size(), "queries")) {
      for (int q = 0; q < scores.length; q++) {
        for (SequenceIndex.Match match :
            index.best(queries.get(q).tokens(), kind, scores[q].length)) {
          scores[q][(int) match.place()] = match.score();
        }
        stage.advance(1);
      }
    }
    return DictionaryRecall.of("bm25 " + kind, scores, relevance);
  }

  /**
   * Ranks by influence with each curvature, by the cosine of gradients, and by the cosine of
   * representations: one pass over the corpus for all.
   */
  public List<DictionaryRecall> gradients(List<CurvatureKind> kinds, int batchTokens) {
    List<CurvatureKind> all = new ArrayList<>(kinds);
    if (!all.contains(CurvatureKind.IDENTITY)) {
      all.add(CurvatureKind.IDENTITY); // the cosine is made of it
    }
    float[][][] influence = new float[all.size()][][];
    Arrays.setAll(influence, _ -> empty());
    float[][] representation = empty();
    float[] norms = new float[Math.toIntExact(corpus.size())];
    try (Scope _ = Scope.open();
        PreconditionedQueries prepared = prepare(all);
        Progress.Stage stage = progress.begin("scanning", corpus.size(), "sequences")) {
      InfluenceScan scan =
          new InfluenceScan(
              model,
              layers,
              Optional.of(prepared),
              InfluenceScan.Detail.NONE,
              Optional.of(Collections.nCopies(layers.size(), new Curvature.Identity())));
      Tensor represented = represent(queries);
      new CorpusPass(corpus, Selection.all(corpus.size()), batchTokens, model.device())
          .run(
              0,
              (places, batch) -> {
                InfluenceScan.Scores result = scan.score(batch);
                float[] scores = result.influence().orElseThrow().toFloats();
                float[] cosines =
                    Baseline.unit(Baseline.means(model, batch)).matmul(represented.t()).toFloats();
                float[] squares = result.selfInfluence().orElseThrow().toFloats();
                int count = queries.size();
                for (int b = 0; b < places.length; b++) {
                  int place = (int) places[b];
                  norms[place] = (float) Math.sqrt(squares[b]);
                  for (int q = 0; q < count; q++) {
                    representation[q][place] = cosines[b * count + q];
                    for (int m = 0; m < all.size(); m++) {
                      influence[m][q][place] = scores[(b * all.size() + m) * count + q];
                    }
                  }
                }
              },
              _ -> {},
              stage);
    }
    List<DictionaryRecall> results = new ArrayList<>();
    results.add(DictionaryRecall.of("representation", representation, relevance));
    for (int m = 0; m < kinds.size(); m++) {
      results.add(DictionaryRecall.of(kinds.get(m).toString(), influence[m], relevance));
    }
    float[][] cosine = influence[all.indexOf(CurvatureKind.IDENTITY)];
    for (float[] row : cosine) {
      for (int i = 0; i < row.length; i++) {
        row[i] /= Math.max(norms[i], Float.MIN_NORMAL);
      }
    }
    results.add(DictionaryRecall.of("gradient-cosine", cosine, relevance));
    return results;
  }

  private float[][] empty() {
    return new float[queries.size()][Math.toIntExact(corpus.size())];
  }

  private PreconditionedQueries prepare(List<CurvatureKind> kinds) {
    List<PreconditionedQueries> sets = new ArrayList<>();
    try (RunFolder.Factors factors = run.factors(model.type().accumulator(), model.device())) {
      for (CurvatureKind kind : kinds) {
        List<Curvature> curvatures =
            factors.layers().stream().map(f -> f.curvature(kind, Damping.DEFAULT)).toList();
        try {
          sets.add(PreconditionedQueries.of(model, layers, queries, curvatures, 0, progress));
        } finally {
          curvatures.forEach(Curvature::close);
        }
      }
      return PreconditionedQueries.concat(sets);
    } finally {
      sets.forEach(PreconditionedQueries::close);
    }
  }

  /** The queries' representations, scaled to length 1: [queries, width]. */
  private Tensor represent(List<Query> batch) {
    List<Tensor> rows = new ArrayList<>();
    for (Query query : batch) {
      rows.add(
          Scope.result(() -> {
            Examples example =
                TokenBatch.of(List.of(TokenBatch.Row.whole(query.tokens(), 0)), model.device());
            return Baseline.unit(Baseline.means(model, example));
          }));
    }
    return Tensors.cat(rows, 0);
  }
}
