package dev.whence.attribution;

import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.SequenceAttribution;
import dev.whence.influence.SequenceAttribution.Pair;
import dev.whence.influence.TopInfluences;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The strongest sequences' influences by token and layer, made of the scan's own traces. In a
 * corpus that is not much larger than what is kept of it, to trace the kept sequences again would
 * take as long as the scan.
 */
public final class ScanAttributions {
  /**
   * Where the corpus has more sequences for each that is kept, tracing those again costs little.
   */
  private static final int SEQUENCES_FOR_EACH_KEPT = 20;

  /** Numbers that are held for all queries at most, in the Java heap: 32 MB. */
  private static final long MOST_NUMBERS = 1L << 22;

  private final TopInfluences top;
  private final int queries;
  private final Map<Pair, SequenceAttribution> parts = new HashMap<>();
  private long numbers; // of all parts

  ScanAttributions(TopInfluences top, int queries) {
    this.top = top;
    this.queries = queries;
  }

  /**
   * Whether it pays.
   *
   * @param sequences that are scanned
   * @param kept of each query and sign
   * @param numbers of one sequence: its positions and the layers
   */
  public static boolean isWorthwhile(long sequences, int kept, int queries, long numbers) {
    return sequences <= (long) SEQUENCES_FOR_EACH_KEPT * kept
        && 2L * kept * queries * numbers <= MOST_NUMBERS;
  }

  /**
   * Takes the sequences of a batch that are among the strongest as yet.
   *
   * @param sequences their places in the corpus, a row of the trace each
   * @param positions of each row, without padding
   */
  void take(long[] sequences, int[] positions, Trace trace, PreconditionedQueries prepared) {
    for (int q = 0; q < queries; q++) {
      int query = q;
      long[] rows = top.indexesOfKept(q, sequences);
      if (rows.length > 0) {
        var attributed = SequenceAttribution.of(trace, positions, prepared, query, rows);
        for (int i = 0; i < rows.length; i++) {
          put(new Pair(query, sequences[(int) rows[i]]), attributed.get(i));
        }
      }
      if (numbers > MOST_NUMBERS) {
        prune();
      }
    }
  }

  private void put(Pair pair, SequenceAttribution attributed) {
    numbers += numbers(attributed);
    SequenceAttribution replaced = parts.put(pair, attributed);
    if (replaced != null) {
      numbers -= numbers(replaced);
    }
  }

  private static long numbers(SequenceAttribution attributed) {
    return (long) attributed.byToken().length + attributed.byLayer().length;
  }

  /** A pair's influence by token and layer, unless it came into a scan that was taken up again. */
  Optional<SequenceAttribution> get(Pair pair) {
    return Optional.ofNullable(parts.get(pair));
  }

  /** Forgets sequences that stronger ones have replaced. */
  void prune() {
    Set<Pair> kept = new HashSet<>();
    for (int q = 0; q < queries; q++) {
      int query = q;
      top.raising(q).forEach(entry -> kept.add(new Pair(query, entry.place())));
      top.lowering(q).forEach(entry -> kept.add(new Pair(query, entry.place())));
    }
    parts.keySet().retainAll(kept);
    numbers = parts.values().stream().mapToLong(ScanAttributions::numbers).sum();
  }

  /** All parts as tensors, for a checkpoint. */
  Map<String, Tensor> toTensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("parts.query", longs(e -> new long[] {e.getKey().query()}));
    tensors.put("parts.place", longs(e -> new long[] {e.getKey().place()}));
    tensors.put(
        "parts.sizes",
        longs(e -> new long[] {e.getValue().byToken().length, e.getValue().byLayer().length}));
    tensors.put("parts.by_token", doubles(e -> e.getValue().byToken()));
    tensors.put("parts.by_layer", doubles(e -> e.getValue().byLayer()));
    return tensors;
  }

  private Tensor longs(Function<Map.Entry<Pair, SequenceAttribution>, long[]> of) {
    long[] values =
        parts.entrySet().stream().flatMapToLong(e -> Arrays.stream(of.apply(e))).toArray();
    return Tensors.of(values, values.length);
  }

  private Tensor doubles(Function<Map.Entry<Pair, SequenceAttribution>, double[]> of) {
    double[] values =
        parts.entrySet().stream().flatMapToDouble(e -> Arrays.stream(of.apply(e))).toArray();
    return Tensors.of(values, values.length);
  }

  /** Adds the parts that {@link #toTensors} saved. */
  void addAll(Function<String, Tensor> tensors) {
    long[] query = tensors.apply("parts.query").toLongs();
    long[] place = tensors.apply("parts.place").toLongs();
    long[] sizes = tensors.apply("parts.sizes").toLongs();
    double[] byToken = tensors.apply("parts.by_token").toDoubles();
    double[] byLayer = tensors.apply("parts.by_layer").toDoubles();
    int token = 0;
    int layer = 0;
    for (int i = 0; i < query.length; i++) {
      int tokenEnd = token + (int) sizes[2 * i];
      int layerEnd = layer + (int) sizes[2 * i + 1];
      put(
          new Pair((int) query[i], place[i]),
          new SequenceAttribution(
              Arrays.copyOfRange(byToken, token, tokenEnd),
              Arrays.copyOfRange(byLayer, layer, layerEnd)));
      token = tokenEnd;
      layer = layerEnd;
    }
  }
}
