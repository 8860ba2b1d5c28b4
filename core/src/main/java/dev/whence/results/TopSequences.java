package dev.whence.results;

import dev.whence.Progress;
import dev.whence.attribution.PreconditionedQueries;
import dev.whence.attribution.Query;
import dev.whence.attribution.QuerySplit;
import dev.whence.attribution.SequenceAttribution;
import dev.whence.attribution.TopInfluences;
import dev.whence.attribution.TopInfluences.Entry;
import dev.whence.corpus.Corpus;
import dev.whence.model.LayerRanges.Range;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
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
    TopInfluences top) {
  /**
   * One of a query's top sequences.
   *
   * @param rank 1, 2, .. for those that raise, -1, -2, .. for those that lower
   * @param refined whether its influence is that of whole gradients
   */
  record Found(int rank, Entry entry, SequenceAttribution parts, boolean refined) {
    private static final Comparator<Found> STRONGEST_FIRST =
        Comparator.comparing(Found::entry, TopInfluences.STRONGEST_FIRST);

    Found ranked(int rank) {
      return new Found(rank, entry, parts, refined);
    }
  }

  /** What receives a query's sequences, those that raise before those that lower. */
  @FunctionalInterface
  interface Sink {
    void take(int query, List<Found> found);
  }

  /** Goes through all queries, in order. */
  void run(Sink sink) {
    for (Range range : parts.split().queries()) {
      for (Range some : range.cut(AttributionMemory.QUERIES_TAKEN_APART)) {
        List<List<Found>> found = apart(range, some);
        if (settings.rank() > 0 && settings.refine() > 0) {
          refine(some, found);
        }
        for (int q = 0; q < some.size(); q++) {
          sink.take(some.from() + q, ranked(found.get(q)));
        }
      }
    }
  }

  private List<List<Found>> apart(Range range, Range some) {
    List<List<Entry>> entries = new ArrayList<>();
    for (int q = some.from(); q < some.to(); q++) {
      entries.add(Stream.concat(top.raising(q).stream(), top.lowering(q).stream()).toList());
    }
    Apart sum = new Apart(entries);
    for (Range layers : parts.split().layers()) {
      try (QueryParts.Open open = parts.open(new QuerySplit.Part(range, layers))) {
        sum.add(layers, open.queries(), some.from() - range.from());
      }
    }
    return sum.found(false);
  }

  /** Puts whole gradients' values in the place of the strongest sequences'. */
  private void refine(Range some, List<List<Found>> found) {
    parts.setAside(); // whole gradients may need all of the memory
    QueryMemory room = memory.whole();
    QuerySplit split = room.split(some.size());
    for (Range range : split.queries()) {
      List<List<Entry>> entries = new ArrayList<>();
      for (List<Found> all : range.of(found)) {
        entries.add(
            Stream.concat(
                    strongest(all, f -> f.entry.influence() > 0),
                    strongest(all, f -> f.entry.influence() < 0))
                .toList());
      }
      Apart sum = new Apart(entries);
      for (Range layers : split.layers()) {
        try (PreconditionedQueries exact =
            preconditioner.prepare(
                range.of(some.of(queries)),
                room.passing(new QuerySplit.Part(range, layers)),
                0,
                Progress.NONE)) {
          sum.add(layers, exact, 0);
        }
      }
      List<List<Found>> refined = sum.found(true);
      for (int q = 0; q < range.size(); q++) {
        List<Entry> replaced = entries.get(q);
        List<Found> rest =
            found.get(range.from() + q).stream().filter(f -> !replaced.contains(f.entry)).toList();
        found.set(range.from() + q, Stream.concat(rest.stream(), refined.get(q).stream()).toList());
      }
    }
  }

  private Stream<Entry> strongest(List<Found> all, Predicate<Found> sign) {
    return all.stream()
        .filter(sign)
        .sorted(Found.STRONGEST_FIRST)
        .limit(settings.refine())
        .map(Found::entry);
  }

  /** In the order of the tables; whole gradients may have turned a sign. */
  private List<Found> ranked(List<Found> found) {
    List<Found> ranked = new ArrayList<>();
    for (int sign : new int[] {1, -1}) {
      List<Found> side =
          found.stream()
              .filter(f -> Math.signum(f.entry.influence()) == sign)
              .sorted(Found.STRONGEST_FIRST)
              .limit(settings.top())
              .toList();
      for (int i = 0; i < side.size(); i++) {
        ranked.add(side.get(i).ranked(sign * (i + 1)));
      }
    }
    return ranked;
  }

  /** Sequences of some queries, taken apart range of layers by range. */
  private final class Apart {
    private final List<List<Entry>> entries;
    private final List<SequenceAttribution> sums = new ArrayList<>(); // query after query

    Apart(List<List<Entry>> entries) {
      this.entries = entries;
    }

    /** Adds layers after those that were added. */
    void add(Range layers, PreconditionedQueries prepared, int first) {
      List<SequenceAttribution.Pair> pairs = new ArrayList<>();
      for (int q = 0; q < entries.size(); q++) {
        for (Entry entry : entries.get(q)) {
          pairs.add(new SequenceAttribution.Pair(first + q, entry.place()));
        }
      }
      List<SequenceAttribution> some =
          SequenceAttribution.of(
              preconditioner.model(),
              layers.of(preconditioner.layers()),
              prepared,
              pairs,
              corpus,
              memory.batch().tokens());
      if (sums.isEmpty()) {
        sums.addAll(some);
      } else {
        for (int p = 0; p < some.size(); p++) {
          sums.set(p, sums.get(p).and(some.get(p)));
        }
      }
    }

    List<List<Found>> found(boolean exact) {
      List<List<Found>> found = new ArrayList<>();
      Iterator<SequenceAttribution> taken = sums.iterator();
      for (List<Entry> ofQuery : entries) {
        List<Found> all = new ArrayList<>();
        for (Entry entry : ofQuery) {
          SequenceAttribution parts = taken.next();
          all.add(
              new Found(0, exact ? new Entry(entry.place(), parts.total()) : entry, parts, exact));
        }
        found.add(all);
      }
      return found;
    }
  }
}
