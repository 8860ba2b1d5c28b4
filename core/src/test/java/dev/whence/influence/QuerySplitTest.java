package dev.whence.influence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.budget.LayerRanges.Range;
import dev.whence.influence.QuerySplit.LayerBytes;
import dev.whence.influence.QuerySplit.Part;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuerySplitTest {
  private static List<Long> seeds() {
    return new Random(20261124).longs(200).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void noOtherSplitThatFitsHasFewerPasses(long seed) {
    Random random = new Random(seed);
    int queries = random.nextInt(7);
    List<LayerBytes> layers = new ArrayList<>();
    for (int l = 0; l <= random.nextInt(5); l++) {
      layers.add(new LayerBytes(random.nextInt(9), random.nextInt(5), random.nextInt(20)));
    }
    long bytes = random.nextInt(60);
    Optional<QuerySplit> fewest = QuerySplit.fewest(queries, layers, bytes, 0);
    Optional<Integer> least = leastPasses(queries, layers, bytes);
    assertThat(fewest.map(QuerySplit::passes)).isEqualTo(least);
    assertThat(fewest.isPresent()).isEqualTo(bytes >= QuerySplit.least(queries, layers, 0));
    fewest.ifPresent(split -> {
      Set<List<Integer>> seen = new HashSet<>();
      for (Part part : split.parts()) {
        assertThat(bytes(part, layers)).isLessThanOrEqualTo(bytes);
        for (int q = part.queries().from(); q < part.queries().to(); q++) {
          for (int l = part.layers().from(); l < part.layers().to(); l++) {
            assertThat(seen.add(List.of(q, l))).as("each once").isTrue();
          }
        }
      }
      assertThat(seen).hasSize(queries * layers.size());
    });
  }

  /** Every size of query groups with every way to cut the layers. */
  private static Optional<Integer> leastPasses(int queries, List<LayerBytes> layers, long bytes) {
    Optional<Integer> least = Optional.empty();
    for (int size = Math.min(1, queries); size <= queries; size++) {
      int groups = size == 0 ? 1 : Math.ceilDiv(queries, size);
      for (int cuts = 0; cuts < 1 << (layers.size() - 1); cuts++) {
        List<Range> ranges = new ArrayList<>();
        int from = 0;
        for (int l = 1; l <= layers.size(); l++) {
          if (l == layers.size() || (cuts >> (l - 1) & 1) == 1) {
            ranges.add(new Range(from, l));
            from = l;
          }
        }
        Range some = new Range(0, size);
        if (ranges.stream().allMatch(r -> bytes(new Part(some, r), layers) <= bytes)) {
          int passes = groups * ranges.size();
          least = Optional.of(Math.min(least.orElse(passes), passes));
        }
      }
    }
    return least;
  }

  private static long bytes(Part part, List<LayerBytes> layers) {
    List<LayerBytes> some = part.layers().of(layers);
    long held = some.stream().mapToLong(l -> l.perQuery() * part.queries().size() + l.held()).sum();
    return held + some.stream().mapToLong(LayerBytes::passing).max().orElse(0);
  }

  @Test
  void queriesAreSplitBeforeLayersWhenItIsTheSame() {
    List<LayerBytes> layers = List.of(new LayerBytes(10, 0, 0), new LayerBytes(10, 0, 0));
    QuerySplit split = QuerySplit.fewest(4, layers, 40, 0).orElseThrow();
    assertThat(split.queries()).containsExactly(new Range(0, 2), new Range(2, 4));
    assertThat(split.layers()).containsExactly(new Range(0, 2));
  }

  @Test
  void layersAreSplitWhenFactorsAreHeld() {
    List<LayerBytes> layers = List.of(new LayerBytes(1, 50, 50), new LayerBytes(1, 50, 50));
    QuerySplit split = QuerySplit.fewest(4, layers, 110, 0).orElseThrow();
    assertThat(split.queries()).containsExactly(new Range(0, 4));
    assertThat(split.layers()).containsExactly(new Range(0, 1), new Range(1, 2));
  }

  /** As scores by token do, which are there once for all layers. */
  @Test
  void whatAQueryTakesBesideItsGradientsMakesMorePasses() {
    List<LayerBytes> layers = List.of(new LayerBytes(10, 0, 0), new LayerBytes(10, 0, 0));
    assertThat(QuerySplit.fewest(4, layers, 80, 0).orElseThrow().passes()).isEqualTo(1);
    assertThat(QuerySplit.fewest(4, layers, 80, 10).orElseThrow().passes()).isEqualTo(2);
    assertThat(QuerySplit.fewest(4, layers, QuerySplit.least(4, layers, 100), 100)).isPresent();
    assertThat(QuerySplit.fewest(4, layers, QuerySplit.least(4, layers, 100) - 1, 100)).isEmpty();
  }
}
