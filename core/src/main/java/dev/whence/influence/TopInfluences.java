package dev.whence.influence;

import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * The k sequences that raise each query's log-probability most, and the k that lower it most. Equal
 * scores go to the earlier sequence, so the result does not depend on the order of arrival.
 */
public final class TopInfluences {
  /**
   * A sequence's influence on a query.
   *
   * @param place of the sequence in the corpus
   * @param influence nats per unit of weight
   */
  public record Entry(long place, double influence) {}

  /** Which sequences count for which query. */
  @FunctionalInterface
  public interface Admission {
    /** Everything counts. */
    Admission ALL = (_, _) -> true;

    /** Whether the sequence at {@code place} of the corpus counts for the query. */
    boolean admits(int query, long place);
  }

  /** The weakest influence first, and of equal ones the later sequence first. */
  private static final Comparator<Entry> WEAKEST_FIRST =
      Comparator.comparingDouble((Entry e) -> Math.abs(e.influence))
          .thenComparing(Comparator.comparingLong(Entry::place).reversed());

  /** The strongest influence first, and of equal ones the earlier sequence first. */
  public static final Comparator<Entry> STRONGEST_FIRST = WEAKEST_FIRST.reversed();

  private final int limit;
  private final List<PriorityQueue<Entry>> raising = new ArrayList<>();
  private final List<PriorityQueue<Entry>> lowering = new ArrayList<>();

  /** Keeps at most {@code limit} sequences for each query and sign. */
  public TopInfluences(int queries, int limit) {
    this.limit = limit;
    for (int q = 0; q < queries; q++) {
      raising.add(new PriorityQueue<>(WEAKEST_FIRST));
      lowering.add(new PriorityQueue<>(WEAKEST_FIRST));
    }
  }

  /** Takes scores [batch, queries] of the sequences at {@code places} of the corpus. */
  public void add(long[] places, Tensor influence) {
    add(places, influence, Admission.ALL);
  }

  /** Takes the scores [batch, queries] that {@code admission} admits. */
  public void add(long[] places, Tensor influence, Admission admission) {
    add(places, influence.toDoubles(), admission);
  }

  /** Takes the scores, [batch, queries] in row-major order, that {@code admission} admits. */
  public void add(long[] places, double[] scores, Admission admission) {
    int queries = raising.size();
    for (int b = 0; b < places.length; b++) {
      for (int q = 0; q < queries; q++) {
        if (admission.admits(q, places[b])) {
          add(q, places[b], scores[b * queries + q]);
        }
      }
    }
  }

  /** Takes one score. */
  public void add(int query, long place, double influence) {
    if (!Double.isFinite(influence)) {
      throw new ArithmeticException(
          "the influence of sequence " + place + " is not finite; try --dtype float32 or float64");
    }
    if (influence > 0) {
      offer(raising.get(query), new Entry(place, influence));
    } else if (influence < 0) {
      offer(lowering.get(query), new Entry(place, influence));
    }
  }

  private void offer(PriorityQueue<Entry> heap, Entry entry) {
    Entry weakest = heap.peek();
    if (heap.size() < limit) {
      heap.add(entry);
    } else if (weakest != null && WEAKEST_FIRST.compare(entry, weakest) > 0) {
      heap.poll();
      heap.add(entry);
    }
  }

  /**
   * Which of some sequences are among a query's strongest of either sign as yet, by their index.
   */
  public long[] indexesOfKept(int query, long... places) {
    Set<Long> kept = new HashSet<>();
    raising.get(query).forEach(entry -> kept.add(entry.place));
    lowering.get(query).forEach(entry -> kept.add(entry.place));
    return LongStream.range(0, places.length).filter(i -> kept.contains(places[(int) i])).toArray();
  }

  /** The sequences that raise a query most, strongest first. */
  public List<Entry> raising(int query) {
    return raising.get(query).stream().sorted(STRONGEST_FIRST).toList();
  }

  /** The sequences that lower a query most, strongest first. */
  public List<Entry> lowering(int query) {
    return lowering.get(query).stream().sorted(STRONGEST_FIRST).toList();
  }

  /** All entries as tensors [entries], for a checkpoint. */
  public Map<String, Tensor> toTensors() {
    List<long[]> keys = new ArrayList<>();
    List<Double> values = new ArrayList<>();
    for (int q = 0; q < raising.size(); q++) {
      for (var heap : List.of(raising.get(q), lowering.get(q))) {
        for (Entry entry : heap) {
          keys.add(new long[] {q, entry.place});
          values.add(entry.influence);
        }
      }
    }
    return Map.of(
        "query", Tensors.of(keys.stream().mapToLong(k -> k[0]).toArray(), keys.size()),
        "place", Tensors.of(keys.stream().mapToLong(k -> k[1]).toArray(), keys.size()),
        "influence", Tensors.of(values.stream().mapToDouble(v -> v).toArray(), values.size()));
  }

  /** Adds the entries that {@link #toTensors} saved. */
  public void addAll(Tensor queries, Tensor places, Tensor influences) {
    long[] query = queries.toLongs();
    long[] place = places.toLongs();
    double[] influence = influences.toDoubles();
    for (int e = 0; e < query.length; e++) {
      add(Math.toIntExact(query[e]), place[e], influence[e]);
    }
  }
}
