package dev.whence.index;

import java.util.List;

/**
 * How much of an exact scan's answer an index finds: the share of the sequences that raise a query
 * most which are among the index's best. The queries are the second halves of sequences, given the
 * first; their own documents are left out.
 *
 * @param queries that were asked
 * @param sequences that were scanned for each
 * @param rank of the queries' gradients in that scan; 0 for whole ones
 * @param levels by how many of the index's best are looked at
 */
public record Recall(int queries, long sequences, int rank, List<Level> levels) {
  /**
   * The mean over queries.
   *
   * @param reranked how many of the index's best are computed exactly; 0 for what the estimates'
   *     own first 10 and first 100 hold
   * @param top10 the share of the 10 that raise a query most
   * @param top100 the share of the 100
   */
  public record Level(int reranked, double top10, double top100) {}
}
