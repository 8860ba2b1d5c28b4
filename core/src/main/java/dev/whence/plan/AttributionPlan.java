package dev.whence.plan;

import dev.whence.InvalidInputException;
import dev.whence.attribution.AttributionMemory;
import dev.whence.attribution.AttributionSettings;
import dev.whence.budget.LayerShape;
import dev.whence.budget.ModelShape;
import dev.whence.influence.QuerySplit;
import dev.whence.influence.ScoreRoute;
import dev.whence.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * What an attribution will take.
 *
 * @param split of queries and layers: a pass over each chunk of the data for every part
 * @param batchTokens tokens of a batch: the setting, or fewer when memory is short
 * @param memoryBytes of the peak, an estimate from above
 * @param resultBytes of the results folder when it is done; its tables are estimated
 * @param workBytes on disk beyond that while it runs
 */
public record AttributionPlan(
    List<Phase> phases,
    List<Layer> layers,
    QuerySplit split,
    int batchTokens,
    double memoryBytes,
    double resultBytes,
    double workBytes) {

  /**
   * What one layer takes.
   *
   * @param route by which the scores of a typical batch are contracted
   * @param preconditioning of all queries
   * @param scores of all sequences for all queries
   * @param queryBytes that one query takes in memory
   */
  public record Layer(
      LayerShape shape, ScoreRoute route, Cost preconditioning, Cost scores, long queryBytes) {}

  /**
   * The model, corpus and queries of an attribution.
   *
   * @param blocks of each covariance in the run
   * @param scanned how many sequences are scored at most, when they are candidates; 0 for all
   */
  public record Job(
      ModelShape model,
      List<LayerShape> tracked,
      int blocks,
      DType type,
      CorpusShape corpus,
      QueryShape queries,
      long scanned) {}

  /**
   * Plans an attribution.
   *
   * @throws InvalidInputException when the memory of the settings does not suffice
   */
  public static AttributionPlan of(Job job, AttributionSettings settings) {
    AttributionMemory memory =
        AttributionMemory.of(
            job.model,
            job.tracked,
            job.blocks,
            settings,
            job.type,
            Math.max(job.corpus.longest(), job.queries.longest()));
    return new AttributionPlanner(job, settings, memory).plan();
  }

  /** Sums each layer's costs over the parts of the split. */
  static List<Layer> layers(List<LayerShape> tracked, List<List<Layer>> parts) {
    List<Layer> sums = new ArrayList<>();
    for (int l = 0; l < tracked.size(); l++) {
      Layer first = parts.get(l).getFirst();
      sums.add(
          new Layer(
              first.shape,
              first.route,
              Cost.sum(parts.get(l).stream().map(Layer::preconditioning).toList()),
              Cost.sum(parts.get(l).stream().map(Layer::scores).toList()),
              first.queryBytes));
    }
    return sums;
  }
}
