package dev.whence.attribution;

import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.QuerySplit;
import dev.whence.influence.SequenceAttribution;
import dev.whence.influence.SequenceAttribution.Pair;
import dev.whence.influence.TopInfluences;
import dev.whence.influence.TopInfluences.Entry;
import dev.whence.results.RankedSequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Takes each query's top sequences apart by token and layer, and scores the strongest of them again
 * with whole gradients if that is wanted.
 */
record TopSequences(
    Preconditioner preconditioner,
    List<Query> queries,
    Corpus corpus,
    AttributionSettings settings,
    AttributionMemory memory,
    QueryParts parts,
    TopInfluences top,
    Optional<ScanAttributions> scanned) {
  /**
   * A sequence with its influence by token and layer.
   *
   * @param refined whether its influence is that of whole gradients
   */
  record Attributed(Entry entry, SequenceAttribution parts, boolean refined) {
    private static final Comparator<Attributed> STRONGEST_FIRST =
        Comparator.comparing(Attributed::entry, TopInfluences.STRONGEST_FIRST);

    RankedSequence ranked(int rank, Sequence sequence) {
      return new RankedSequence(
          rank,
          sequence,
          entry.influence(),
          refined,
          parts.spiky(),
          parts.byToken(),
          parts.byLayer());
    }
  }

  /** What receives a query's sequences, those that raise before those that lower. */
  @FunctionalInterface
  interface Sink {
    void take(int query, List<RankedSequence> rankedSequences);
  }

  /** Goes through all queries, in order. */
  void run(Sink sink) {
    for (Range range : parts.split().queries()) {
      for (Range subset : range.cut(AttributionMemory.QUERIES_ATTRIBUTED_AT_ONCE)) {
        List<List<Attributed>> attributed = attribute(range, subset);
        if (settings.rank() > 0 && settings.refine() > 0) {
          refine(subset, attributed);
        }
        for (int q = 0; q < subset.size(); q++) {
          sink.take(subset.from() + q, ranked(attributed.get(q)));
        }
      }
    }
  }

  private List<List<Attributed>> attribute(Range range, Range subset) {
    List<List<Entry>> entries = new ArrayList<>();
    for (int q = subset.from(); q < subset.to(); q++) {
      entries.add(Stream.concat(top.raising(q).stream(), top.lowering(q).stream()).toList());
    }
    Attributions sum = new Attributions(entries, false);
    for (Range layers : parts.split().layers()) {
      try (QueryParts.Open open = parts.open(new QuerySplit.Part(range, layers))) {
        sum.add(layers, open.queries(), subset.from() - range.from());
      }
    }
    return sum.list();
  }

  /** Puts whole gradients' values in the place of the strongest sequences'. */
  private void refine(Range subset, List<List<Attributed>> attributed) {
    parts.setAside(); // whole gradients may need all of the memory
    QueryMemory room = memory.whole();
    QuerySplit split = room.split(subset.size());
    for (Range range : split.queries()) {
      List<List<Entry>> entries = new ArrayList<>();
      for (List<Attributed> all : range.of(attributed)) {
        entries.add(
            Stream.concat(
                    strongest(all, f -> f.entry.influence() > 0),
                    strongest(all, f -> f.entry.influence() < 0))
                .toList());
      }
      Attributions sum = new Attributions(entries, true);
      for (Range layers : split.layers()) {
        try (PreconditionedQueries exact =
            preconditioner.prepare(
                range.of(subset.of(queries)),
                room.passing(new QuerySplit.Part(range, layers)),
                0,
                Progress.NONE)) {
          sum.add(layers, exact, 0);
        }
      }
      List<List<Attributed>> refined = sum.list();
      for (int q = 0; q < range.size(); q++) {
        List<Entry> replaced = entries.get(q);
        List<Attributed> rest =
            attributed.get(range.from() + q).stream()
                .filter(f -> !replaced.contains(f.entry))
                .toList();
        attributed.set(
            range.from() + q, Stream.concat(rest.stream(), refined.get(q).stream()).toList());
      }
    }
  }

  private Stream<Entry> strongest(List<Attributed> all, Predicate<Attributed> sign) {
    return all.stream()
        .filter(sign)
        .sorted(Attributed.STRONGEST_FIRST)
        .limit(settings.refine())
        .map(Attributed::entry);
  }

  /** In the order of the tables; whole gradients may have turned a sign. */
  private List<RankedSequence> ranked(List<Attributed> attributed) {
    List<RankedSequence> ranked = new ArrayList<>();
    for (int sign : new int[] {1, -1}) {
      List<Attributed> side =
          attributed.stream()
              .filter(a -> Math.signum(a.entry.influence()) == sign)
              .sorted(Attributed.STRONGEST_FIRST)
              .limit(settings.top())
              .toList();
      for (int i = 0; i < side.size(); i++) {
        Attributed sequence = side.get(i);
        ranked.add(sequence.ranked(sign * (i + 1), corpus.sequence(sequence.entry.place())));
      }
    }
    return ranked;
  }

  /** Sequences of some queries, taken apart range of layers by range. */
  private final class Attributions {
    private final List<List<Entry>> entries;
    private final boolean exact;
    private final List<SequenceAttribution> sums = new ArrayList<>(); // query after query

    /**
     * @param exact whether the gradients are whole where the scan's were not
     */
    Attributions(List<List<Entry>> entries, boolean exact) {
      this.entries = entries;
      this.exact = exact;
    }

    /** Adds layers after those that were added. */
    void add(Range layers, PreconditionedQueries prepared, int first) {
      List<Pair> pairs = new ArrayList<>();
      for (int q = 0; q < entries.size(); q++) {
        for (Entry entry : entries.get(q)) {
          pairs.add(new Pair(first + q, entry.place()));
        }
      }
      List<SequenceAttribution> parts = attributed(layers, prepared, pairs);
      if (sums.isEmpty()) {
        sums.addAll(parts);
      } else {
        for (int p = 0; p < parts.size(); p++) {
          sums.set(p, sums.get(p).and(parts.get(p)));
        }
      }
    }

    /** Those that the scan left, and the others by tracing them again. */
    private List<SequenceAttribution> attributed(
        Range layers, PreconditionedQueries prepared, List<Pair> pairs) {
      Map<Pair, SequenceAttribution> parts = new HashMap<>();
      if (!exact) {
        scanned.ifPresent(
            known -> pairs.forEach(pair -> known.get(pair).ifPresent(p -> parts.put(pair, p))));
      }
      List<Pair> others = pairs.stream().filter(pair -> !parts.containsKey(pair)).toList();
      List<SequenceAttribution> traced =
          SequenceAttribution.of(
              preconditioner.model(),
              layers.of(preconditioner.layers()),
              prepared,
              others,
              corpus,
              memory.batch().tokens());
      for (int p = 0; p < others.size(); p++) {
        parts.put(others.get(p), traced.get(p));
      }
      return pairs.stream().map(pair -> Objects.requireNonNull(parts.get(pair))).toList();
    }

    List<List<Attributed>> list() {
      List<List<Attributed>> attributed = new ArrayList<>();
      Iterator<SequenceAttribution> taken = sums.iterator();
      for (List<Entry> ofQuery : entries) {
        List<Attributed> all = new ArrayList<>();
        for (Entry entry : ofQuery) {
          SequenceAttribution parts = taken.next();
          all.add(
              new Attributed(
                  exact ? new Entry(entry.place(), parts.total()) : entry, parts, exact));
        }
        attributed.add(all);
      }
      return attributed;
    }
  }
}
