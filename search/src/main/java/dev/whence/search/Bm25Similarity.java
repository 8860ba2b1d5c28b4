package dev.whence.search;

import org.apache.lucene.index.FieldInvertState;
import org.apache.lucene.search.CollectionStatistics;
import org.apache.lucene.search.TermStatistics;
import org.apache.lucene.search.similarities.Similarity;

/**
 * {@link Bm25} for Lucene. Two things differ from Lucene's own: lengths are stored exactly, and C
 * counts all sequences, those without a term included.
 */
final class Bm25Similarity extends Similarity {
  private final Bm25 bm25;

  Bm25Similarity(Bm25 bm25) {
    this.bm25 = bm25;
  }

  /** The length itself, so that one index serves every {@link Bm25}. */
  @Override
  public long computeNorm(FieldInvertState state) {
    return state.getLength();
  }

  @Override
  public SimScorer scorer(float boost, CollectionStatistics corpus, TermStatistics... terms) {
    double idf = 0;
    for (TermStatistics term : terms) {
      idf += Math.log((corpus.maxDoc() - term.docFreq() + 0.5) / (term.docFreq() + 0.5) + 1);
    }
    double meanLength = (double) corpus.sumTotalTermFreq() / corpus.maxDoc();
    return new Scorer(boost * idf * (bm25.k1() + 1), meanLength);
  }

  private final class Scorer extends SimScorer {
    private final double weight;
    private final double meanLength;

    Scorer(double weight, double meanLength) {
      this.weight = weight;
      this.meanLength = meanLength;
    }

    @Override
    public float score(float frequency, long length) {
      double k = bm25.k1() * (1 - bm25.b() + bm25.b() * length / meanLength);
      // f / (k + f), so written that rounding cannot make more occurrences score less: Lucene skips
      // sequences by bounds that rely on it.
      return (float) (weight * (1 - 1 / (1 + frequency / k)));
    }
  }
}
