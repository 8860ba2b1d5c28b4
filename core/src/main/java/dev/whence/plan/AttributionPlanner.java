package dev.whence.plan;

import dev.whence.attribution.AttributionMemory;
import dev.whence.attribution.AttributionSettings;
import dev.whence.attribution.QueryMemory;
import dev.whence.attribution.RankSample;
import dev.whence.attribution.ScanAttributions;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.budget.LayerShape;
import dev.whence.curvature.CurvatureKind;
import dev.whence.influence.Measurements;
import dev.whence.influence.QuerySplit;
import dev.whence.influence.QuerySplit.LayerBytes;
import dev.whence.plan.AttributionPlan.Layer;
import java.util.ArrayList;
import java.util.List;

/** Walks through an attribution's steps in their order, adding up costs instead of computing. */
final class AttributionPlanner {
  /** Compressed size of a top sequence's token, estimated from the dictionary's tables. */
  private static final int TABLE_BYTES_PER_TOKEN = 12;

  private final AttributionPlan.Job job;
  private final AttributionSettings settings;
  private final AttributionMemory memory;
  private final QueryMemory room;
  private final QuerySplit split;
  private final TraceCost trace;
  private final List<LayerCost> costs;
  private final Batching scan;

  AttributionPlanner(
      AttributionPlan.Job job, AttributionSettings settings, AttributionMemory memory) {
    this.job = job;
    this.settings = settings;
    this.memory = memory;
    this.room = memory.scanning();
    this.split = room.split(queries());
    this.trace = new TraceCost(job.model(), job.type());
    this.costs =
        job.tracked().stream()
            .map(layer -> new LayerCost(layer, job.blocks(), job.type().accumulator()))
            .toList();
    this.scan =
        job.corpus()
            .batches(job.scanned(), settings.compute().batchTokens(), memory.batch().tokens());
  }

  AttributionPlan plan() {
    List<Phase> phases = new ArrayList<>();
    boolean cut = settings.rank() > 0 && queries() > 0;
    if (cut && scan.sequences() > 0) {
      phases.add(rankCheck());
    }
    Cost preconditioning = Cost.NONE;
    Cost forming = Cost.NONE;
    Cost scanning = Cost.NONE;
    double peak = cut ? peakOfWholeGradients() : 0;
    List<List<Layer>> layers = new ArrayList<>();
    job.tracked().forEach(_ -> layers.add(new ArrayList<>()));
    for (QuerySplit.Part part : split.parts()) {
      preconditioning =
          preconditioning.plus(
              precondition(room.passing(part), job.queries().of(part.queries()), rank()));
      long formed = 0;
      long budget = room.forming(part);
      for (int l = part.layers().from(); l < part.layers().to(); l++) {
        long whole = part.queries().size() * (long) costs.get(l).matrixBytes();
        boolean expanded = cut && whole <= budget - formed;
        if (expanded) {
          formed += whole;
          forming = forming.plus(costs.get(l).form(part.queries().size(), rank()).times(loads()));
        }
        Layer layer = layer(l, part, expanded, room.layers().get(l));
        layers.get(l).add(layer);
        scanning = scanning.plus(layer.scores());
      }
      LayerShape first = job.tracked().get(part.layers().from());
      scanning = scanning.plus(scan.cost(g -> trace.of(g, first)));
      if (split.passes() > 1 && settings.selfInfluence() && part.queries().from() == 0) {
        scanning = scanning.plus(Cost.moved(2.0 * factors(part) * loads(), 0));
      }
      if (split.passes() > 1) {
        scanning =
            scanning.plus(Cost.moved(2.0 * room.queries(part) * loads(), 0)); // read from its file
      }
      peak = Math.max(peak, (double) room.peak(part, formed));
    }
    if (queries() > 0 && attributesWhileScanning()) {
      scanning = scanning.plus(attributedWhileScanning());
    }
    String parts = split.passes() == 1 ? "" : " in " + split.passes() + " parts";
    phases.add(new Phase("preconditioning", 1, queries(), "queries", preconditioning));
    if (forming.bytes() > 0) {
      phases.add(new Phase("forming products", 1, costs.size(), "layers", forming));
    }
    phases.add(
        new Phase("scanning" + parts, split.passes(), scan.sequences(), "sequences", scanning));
    if (queries() > 0) {
      phases.add(tables());
    }
    return new AttributionPlan(
        phases,
        AttributionPlan.layers(job.tracked(), layers),
        split,
        memory.batch().tokens(),
        memory.batch().bytes() + peak,
        scoreBytes() + tableBytes(),
        keepsFiles() ? split.parts().stream().mapToDouble(room::queries).sum() : 0);
  }

  /** Bytes of the factors with which a part computes self-influence. */
  private double factors(QuerySplit.Part part) {
    return part.layers().of(room.layers()).stream().mapToDouble(LayerBytes::held).sum();
  }

  /** Whether queries go to files: several parts, or one that makes room for whole gradients. */
  private boolean keepsFiles() {
    return split.passes() > 1 || (settings.rank() > 0 && settings.refine() > 0);
  }

  /** The peak memory of the rank check and of refining, neither of which overlaps the scan. */
  private double peakOfWholeGradients() {
    QueryMemory both = memory.checking();
    QueryMemory whole = memory.whole();
    int refined = settings.refine() == 0 ? 0 : AttributionMemory.QUERIES_ATTRIBUTED_AT_ONCE;
    int sampled = RankSample.sample(job.queries().lengths()).size();
    return Math.max(peak(both, sampled), peak(whole, Math.min(refined, queries())));
  }

  private static double peak(QueryMemory room, int queries) {
    return queries == 0
        ? 0
        : room.split(queries).parts().stream()
            .mapToLong(part -> room.peak(part, 0))
            .max()
            .orElse(0);
  }

  private int queries() {
    return job.queries().count();
  }

  private int rank() {
    return settings.rank();
  }

  /** How often a part is brought into memory: once, or again for each chunk of the corpus. */
  private double loads() {
    return split.passes() == 1 ? 1 : scan.chunks();
  }

  private Layer layer(int l, QuerySplit.Part part, boolean expanded, LayerBytes bytes) {
    LayerCost cost = costs.get(l);
    int queries = part.queries().size();
    CurvatureKind kind = settings.curvature();
    Batching batches = batches(job.queries().of(part.queries()));
    boolean self = settings.selfInfluence() && part.queries().from() == 0;
    boolean tokenwise = settings.tokenwise();
    boolean formed = rank() == 0 || expanded;
    Cost scores =
        scan.cost(g -> {
          Cost base = self ? cost.coordinates(g, kind) : Cost.NONE;
          return queries == 0
              ? base
              : base.plus(cost.scores(g, queries, rank(), formed, tokenwise));
        });
    return new Layer(
        cost.layer(),
        cost.scoreRoute(typicalBatch(), queries, rank(), formed),
        cost.precondition(batches, kind, rank()),
        scores,
        bytes.perQuery());
  }

  private Batching.Group typicalBatch() {
    int positions = scan.typicalPositions();
    long most = Math.min(memory.batch().tokens() / positions, (long) scan.sequences());
    int sequences = (int) Math.max(1, most);
    return new Batching.Group(positions, sequences, 1);
  }

  /** Traces queries and preconditions them, the factors of one range in memory at a time. */
  private Cost precondition(List<Range> ranges, QueryShape shape, int rank) {
    Batching batches = batches(shape);
    Cost sum = Cost.NONE;
    for (Range range : ranges) {
      LayerShape first = job.tracked().get(range.from());
      sum = sum.plus(batches.cost(g -> trace.of(g, first)));
      for (LayerCost cost : range.of(costs)) {
        sum = sum.plus(cost.precondition(batches, settings.curvature(), rank));
      }
    }
    return sum;
  }

  private static Batching batches(QueryShape shape) {
    return Batching.of(shape.lengths(), Measurements.BATCH_TOKENS);
  }

  /** A sample of queries and sequences, scored with whole gradients and with products. */
  private Phase rankCheck() {
    QueryShape sample = new QueryShape(RankSample.sample(job.queries().lengths()));
    int sequences = RankSample.sampledSequences((long) scan.sequences());
    Cost sum = Cost.NONE;
    QueryMemory both = memory.checking();
    QuerySplit exact = both.split(sample.count());
    double share = sequences / scan.sequences();
    for (QuerySplit.Part part : exact.parts()) {
      QueryShape shape = sample.of(part.queries());
      List<Range> ranges = both.passing(part);
      LayerShape first = job.tracked().get(part.layers().from());
      sum =
          sum.plus(precondition(ranges, shape, 0))
              .plus(precondition(ranges, shape, rank()))
              .plus(scan.cost(g -> trace.of(g, first)).times(share));
      for (LayerCost cost : part.layers().of(costs)) {
        Cost scores =
            scan.cost(g ->
                cost.scores(g, shape.count(), 0, true, false)
                    .plus(cost.scores(g, shape.count(), rank(), false, false)));
        sum = sum.plus(scores.times(share));
      }
    }
    return new Phase("checking the rank", exact.passes(), sequences, "sequences", sum);
  }

  /** The top sequences, by token and layer; how many queries share one is not known in advance. */
  private Phase tables() {
    Cost sum = attributesWhileScanning() ? Cost.NONE : attribute(settings.top(), split, rank());
    if (rank() > 0 && settings.refine() > 0) {
      for (Range batch :
          new Range(0, queries()).cut(AttributionMemory.QUERIES_ATTRIBUTED_AT_ONCE)) {
        QuerySplit exact = memory.whole().split(batch.size());
        for (QuerySplit.Part part : exact.parts()) {
          QueryShape shape = job.queries().of(batch).of(part.queries());
          sum = sum.plus(precondition(memory.whole().passing(part), shape, 0));
        }
        sum = sum.plus(attribute(settings.refine(), exact, 0));
      }
    }
    for (int length : job.queries().lengths()) { // how each token of a completion is predicted
      sum = sum.plus(trace.ofForward(new Batching.Group(length, 1, 1)));
    }
    return new Phase("attributing tokens and layers", 1, queries(), "queries", sum);
  }

  private boolean attributesWhileScanning() {
    return split.passes() == 1
        && ScanAttributions.isWorthwhile(
            (long) scan.sequences(),
            settings.top(),
            queries(),
            (long) job.corpus().longest() + job.tracked().size());
  }

  /**
   * What the strongest sequences' influences by token and layer cost when they are made of the
   * scan's own traces. A sequence that is among the strongest for a while counts too: in a random
   * order the i-th is with a probability of k/i.
   */
  private Cost attributedWhileScanning() {
    double kept = Math.min(2.0 * settings.top(), scan.sequences());
    double entering = kept * (1 + Math.log(Math.max(1, scan.sequences() / Math.max(1, kept))));
    double positions = scan.sequences() == 0 ? 0 : scan.positions() / scan.sequences();
    return Cost.sum(
        costs.stream()
            .map(cost -> cost.byPositions(queries() * entering * positions, rank()))
            .toList());
  }

  private Cost attribute(int top, QuerySplit querySplit, int rank) {
    double each = Math.min(2.0 * top, scan.sequences());
    double positions = scan.sequences() == 0 ? 0 : scan.positions() / scan.sequences();
    Cost sum = Cost.NONE;
    for (Range range : querySplit.queries()) {
      for (Range batch : range.cut(AttributionMemory.QUERIES_ATTRIBUTED_AT_ONCE)) {
        double distinct = Math.min(batch.size() * each, scan.sequences());
        double share = scan.sequences() == 0 ? 0 : distinct / scan.sequences();
        for (Range layers : querySplit.layers()) {
          LayerShape first = job.tracked().get(layers.from());
          sum = sum.plus(scan.cost(g -> trace.of(g, first)).times(share));
          for (LayerCost cost : layers.of(costs)) {
            sum = sum.plus(cost.byPositions(batch.size() * each * positions, rank));
          }
        }
      }
    }
    return sum;
  }

  private double scoreBytes() {
    double columns =
        settings.allScores()
            ? queries()
                * (1.0
                    + (settings.layerwise() ? job.tracked().size() : 0)
                    + (settings.tokenwise() ? Math.max(1, job.corpus().longest() - 1) : 0))
            : 0;
    return (columns + (settings.selfInfluence() ? 1 : 0))
        * scan.sequences()
        * job.type().accumulator().bytes();
  }

  private double tableBytes() {
    double each = Math.min(2.0 * settings.top(), scan.sequences());
    double tokens = scan.sequences() == 0 ? 0 : scan.positions() / scan.sequences();
    return queries() * each * (TABLE_BYTES_PER_TOKEN * tokens + 8.0 * job.tracked().size());
  }
}
