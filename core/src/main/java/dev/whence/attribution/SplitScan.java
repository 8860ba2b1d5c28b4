package dev.whence.attribution;

import dev.whence.Progress;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.InfluenceScan.Detail;
import dev.whence.influence.InfluenceScan.Scores;
import dev.whence.influence.InfluenceScan.Sink;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.QuerySplit;
import dev.whence.model.LanguageModel;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.CorpusPass;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A scan with queries that may come in several parts. Each chunk of the corpus is gone through once
 * for every part, and its scores are whole before the next chunk begins: what is written, and where
 * a killed run goes on, does not depend on the parts.
 *
 * @param others the same model on further devices, which share the batches where there is one part
 * @param queries in all parts together
 * @param layers in all parts together
 * @param along are scored after the others where there is one part and both are whole
 */
record SplitScan(
    LanguageModel model,
    List<LanguageModel> others,
    QueryParts parts,
    int queries,
    int layers,
    Detail detail,
    Optional<PreconditionedQueries> along) {

  /** Scans; the arguments are those of {@link CorpusPass#run}. */
  void run(CorpusPass pass, long from, Sink sink, LongConsumer chunkDone, Progress.Stage stage) {
    List<QuerySplit.Part> all = parts.split().parts();
    if (all.size() == 1) {
      try (QueryParts.Open only = parts.openToScan(all.getFirst())) {
        if (along.isPresent() && along.get().isWhole() && only.queries().isWhole()) {
          try (PreconditionedQueries joint =
              PreconditionedQueries.concat(List.of(only.queries(), along.get()))) {
            run(only, joint, pass, from, sink, chunkDone, stage);
          }
        } else {
          run(only, only.queries(), pass, from, sink, chunkDone, stage);
        }
      }
      return;
    }
    pass.chunks(from, chunk -> scan(chunk, all, sink, stage), chunkDone);
  }

  private void run(
      QueryParts.Open part,
      PreconditionedQueries asked,
      CorpusPass pass,
      long from,
      Sink sink,
      LongConsumer chunkDone,
      Progress.Stage stage) {
    if (others.isEmpty()) {
      part.scan(model, asked, detail).run(pass, from, sink, chunkDone, stage);
      return;
    }
    List<QueryParts.Open> copies = new ArrayList<>();
    try {
      List<InfluenceScan> scans = new ArrayList<>(List.of(part.scan(model, asked, detail)));
      for (LanguageModel other : others) {
        QueryParts.Open copy = parts.copyTo(part, asked, other);
        copies.add(copy);
        scans.add(copy.scan(other, detail));
      }
      InfluenceScan.run(scans, pass, from, sink, chunkDone, stage);
    } finally {
      copies.forEach(QueryParts.Open::close);
    }
  }

  private void scan(
      CorpusPass.Chunk chunk, List<QuerySplit.Part> all, Sink sink, Progress.Stage stage) {
    List<Sums> sums = new ArrayList<>(); // one a batch
    try {
      for (QuerySplit.Part part : all) {
        try (QueryParts.Open open = parts.openToScan(part)) {
          InfluenceScan scan = open.scan(model, detail);
          for (int b = 0; b < chunk.batches().size(); b++) {
            try (Scope _ = Scope.open()) {
              Scores scores = scan.score(chunk.tokens(chunk.batches().get(b)));
              if (sums.size() == b) {
                sums.add(Sums.zeros(scores, queries, layers));
              }
              scores.requireFinite();
              sums.get(b).add(part, scores);
            }
          }
        }
      }
      for (int b = 0; b < sums.size(); b++) {
        sink.take(chunk.batches().get(b), sums.get(b).scores);
        stage.advance(chunk.batches().get(b).length);
      }
    } finally {
      sums.forEach(Sums::close);
    }
  }

  /** The scores of a batch, as the parts come in. */
  private record Sums(Scores scores) implements AutoCloseable {
    /** All zero, with the places of every part. */
    static Sums zeros(Scores like, int queries, int layers) {
      // Kept when all are there: memory may be short for one, and a smaller attempt follow.
      Optional<Tensor> influence = like.influence().map(t -> zeros(t, t.size(0), queries));
      Optional<Tensor> layerwise = like.layerwise().map(t -> zeros(t, t.size(0), queries, layers));
      Optional<Tensor> tokenwise =
          like.tokenwise().map(t -> zeros(t, t.size(0), queries, t.size(2)));
      Optional<Tensor> selfInfluence = like.selfInfluence().map(t -> zeros(t, t.size(0)));
      return new Sums(
          new Scores(
              influence.map(Tensor::keep),
              layerwise.map(Tensor::keep),
              tokenwise.map(Tensor::keep),
              selfInfluence.map(Tensor::keep)));
    }

    private static Tensor zeros(Tensor like, long... shape) {
      return Tensors.zeros(like.type(), like.device(), shape);
    }

    void add(QuerySplit.Part part, Scores partial) {
      int first = part.queries().from();
      int count = part.queries().size();
      add(scores.influence().map(t -> t.narrow(1, first, count)), partial.influence());
      add(
          scores
              .layerwise()
              .map(t ->
                  t.narrow(1, first, count).narrow(2, part.layers().from(), part.layers().size())),
          partial.layerwise());
      add(scores.tokenwise().map(t -> t.narrow(1, first, count)), partial.tokenwise());
      add(scores.selfInfluence(), partial.selfInfluence());
    }

    private static void add(Optional<Tensor> sum, Optional<Tensor> partial) {
      sum.ifPresent(s -> partial.ifPresent(s::plusInPlace));
    }

    @Override
    public void close() {
      scores.influence().ifPresent(Tensor::close);
      scores.layerwise().ifPresent(Tensor::close);
      scores.tokenwise().ifPresent(Tensor::close);
      scores.selfInfluence().ifPresent(Tensor::close);
    }
  }
}
