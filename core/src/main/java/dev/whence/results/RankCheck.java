package dev.whence.results;

/**
 * How well scores from products of rank r agree with those from whole gradients, on a sample spread
 * over the queries and the corpus.
 *
 * @param queries of the sample
 * @param sequences of the sample
 * @param meanCorrelation over the queries, of Pearson's correlation over the sequences
 * @param leastCorrelation of any of the queries
 */
public record RankCheck(
    int queries, long sequences, double meanCorrelation, double leastCorrelation) {}
