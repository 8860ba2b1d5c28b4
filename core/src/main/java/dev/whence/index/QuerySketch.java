package dev.whence.index;

import dev.whence.corpus.Query;
import dev.whence.influence.Measurements;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Examples;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.util.Arrays;
import java.util.List;

/**
 * A query as the index compares it: its tokens, and the numbers of each of its positions' gradients
 * in full precision.
 *
 * @param tokens of prompt and completion
 * @param numbers [positions][components], one position fewer than tokens
 */
record QuerySketch(int[] tokens, float[][] numbers) {

  /** Traces queries and projects them, in their order. */
  static List<QuerySketch> of(
      LanguageModel model, List<Linear> layers, Projections projections, List<Query> queries) {
    QuerySketch[] sketches = new QuerySketch[queries.size()];
    Measurements measurements = Measurements.of(queries, model.device());
    for (long[] places : measurements.groups()) {
      try (Scope _ = Scope.open()) {
        Examples batch = measurements.examples().apply(places);
        Tensor numbers = projections.of(Trace.of(model, layers, batch, new Targets.Given()));
        int components = (int) numbers.size(2);
        for (int row = 0; row < places.length; row++) {
          int[] tokens = queries.get((int) places[row]).tokens();
          float[] flat = numbers.select(0, row).toFloats();
          float[][] positions = new float[tokens.length - 1][];
          for (int t = 0; t < positions.length; t++) {
            positions[t] = Arrays.copyOfRange(flat, t * components, (t + 1) * components);
          }
          sketches[(int) places[row]] = new QuerySketch(tokens, positions);
        }
      }
    }
    return List.of(sketches);
  }
}
