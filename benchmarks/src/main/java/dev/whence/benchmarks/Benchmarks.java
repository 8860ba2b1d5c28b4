package dev.whence.benchmarks;

import dev.whence.InvalidInputException;
import dev.whence.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the ceilings and the workloads, and prints and writes what came out. */
@Command(
    name = "benchmarks/run",
    description = "Measure Whence against the machine's ceilings and against a peer.",
    mixinStandardHelpOptions = true)
public final class Benchmarks implements Callable<Integer> {
  private static final int POSITIONS = 256;
  private static final int BATCH = 4;

  /** What is measured. */
  enum Workload {
    /** Each phase by itself, at full rank and at rank 32. */
    G,
    /** The whole job. */
    J,
    /** Many queries. */
    Q,
    /** Growth with sequences, queries and positions. */
    S,
    /** Models of real size; only where it is named. */
    GPU,
    /** Not a workload: the steps that the others are made of. */
    PROFILE
  }

  @Option(
      names = "--workloads",
      split = ",",
      description = "Any of G, J, Q, S, profile and gpu (default: all but gpu).")
  private Set<Workload> workloads = EnumSet.complementOf(EnumSet.of(Workload.GPU));

  @Option(names = "--device", description = "Of workload gpu: cuda:0 or cpu (default: auto).")
  private String device = "auto";

  @Option(
      names = "--precisions",
      split = ",",
      description = "Of workload gpu: any of float32, tf32 and bfloat16 (default: all).")
  private List<GpuWorkload.Precision> precisions = List.of(GpuWorkload.Precision.values());

  @Option(
      names = "--models",
      split = ",",
      description = "Of workload gpu: any of gpt2, qwen2.5-0.5b and qwen2.5-3b (default: all).")
  private List<String> models = GpuWorkload.models();

  @Option(
      names = "--batch-tokens",
      description = "Of workload gpu: tokens of a batch (default: 16384).")
  private int batchTokens = 16_384;

  @Option(names = "--small", description = "Of workload gpu: small shapes, to try it with.")
  private boolean small;

  @Option(names = "--layers", description = "Transformer blocks: 2, or 12 (default: 2).")
  private int layers = 2;

  @Option(names = "--rounds", description = "Interleaved repetitions of G (default: 5).")
  private int rounds = 5;

  @Option(
      names = "--share",
      description = "Share of the sequences of J and Q to do, such as 0.1 (default: 1).")
  private double share = 1;

  @Option(names = "--peer", description = "The command that starts a peer (default: none).")
  private Optional<String> peerCommand = Optional.empty();

  @Option(names = "--out", required = true, description = "A folder for data and benchmarks.json.")
  private Path out = Path.of("");

  private Report report = new Report(new Ceilings(1, 1, 1, 1, 1), _ -> {});

  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new Benchmarks())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler((e, command, _) -> {
              if (e instanceof InvalidInputException) {
                command.getErr().println("benchmarks/run: " + e.getMessage());
                return 2;
              }
              throw e;
            })
            .execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(out);
    if (workloads.contains(Workload.GPU)) {
      GpuWorkload gpu =
          new GpuWorkload(
              Device.parse(device).getFirst(),
              precisions,
              peerCommand,
              batchTokens,
              small,
              out,
              System.out::print);
      gpu.warmUp();
      gpu.run(models, share, small);
    }
    if (workloads.equals(EnumSet.of(Workload.GPU))) {
      return 0;
    }
    Shapes shapes = Shapes.gpt2Small(layers, POSITIONS);
    shapes.write(out, 1024, 256);
    report = new Report(Ceilings.measure(), System.out::print);
    try (Ours ours = new Ours(out, shapes);
        OptionalPeer peer = OptionalPeer.start(peerCommand, out, BATCH)) {
      LeastWork least = new LeastWork(shapes);
      if (workloads.contains(Workload.G)) {
        phases(least, ours, peer.peer());
      }
      if (workloads.contains(Workload.J)) {
        job(least, ours, peer.peer());
      }
      if (workloads.contains(Workload.Q)) {
        manyQueries(least, ours, peer.peer());
      }
    }
    if (workloads.contains(Workload.PROFILE)) {
      Profile.print(out, shapes, report.ceiling(), System.out::print);
    }
    if (workloads.contains(Workload.S)) {
      report.growth(Growth.measure(out, layers, System.out::print));
    }
    report.write(out.resolve("benchmarks.json"));
    return 0;
  }

  /** Workload G: medians over interleaved rounds. */
  private void phases(LeastWork least, Ours ours, Optional<Peer> peer) {
    Job whole = new Job(32, 8, 64, 0);
    Job cut = new Job(32, 64, 64, 32);
    Report.Rounds fits = new Report.Rounds();
    Report.Rounds wholes = new Report.Rounds();
    Report.Rounds cuts = new Report.Rounds();
    for (int round = 0; round < rounds; round++) {
      fits.ours(whole, ours.fit(whole, true));
      peer.ifPresent(p -> fits.peer(whole, p.fit(whole, true)));
      wholes.ours(whole, ours.score(whole, scores("ours-whole")));
      peer.ifPresent(p -> wholes.peer(whole, p.score(whole, scores("peer-whole"))));
      cuts.ours(cut, ours.score(cut, scores("ours-cut")));
      peer.ifPresent(p -> cuts.peer(cut, p.score(cut, scores("peer-cut"))));
    }
    Map<Phase, Double> plannedWhole = planned(least, whole);
    report.add("G", whole, least, fits, plannedWhole);
    report.add("G, 8 queries, full rank", whole, least, wholes, plannedWhole);
    report.add("G, 64 queries, rank 32", cut, least, cuts, planned(least, cut));
    if (peer.isPresent()) {
      report.correlation("G, full rank, ours and peer", correlation("ours-whole", "peer-whole"));
      report.correlation("G, rank 32, ours and peer", correlation("ours-cut", "peer-cut"));
    }
    ours.score(new Job(32, 64, 64, 0), scores("ours-cut-whole"));
    report.correlation("G, rank 32 and full rank, ours", correlation("ours-cut", "ours-cut-whole"));
  }

  /** Workload J: once, phase by phase in turn. */
  private void job(LeastWork least, Ours ours, Optional<Peer> peer) {
    Job job = new Job(some(256), 64, some(1024), 32);
    Report.Rounds rounds = new Report.Rounds();
    double ourSeconds = 0;
    Optional<Double> peerSeconds = peer.map(_ -> 0.0);
    Map<Phase, Double> fit = ours.fit(job, false);
    rounds.ours(job, fit);
    ourSeconds += sum(fit);
    Map<Phase, Double> scored = ours.score(job, scores("ours-job"));
    rounds.ours(job, scored);
    ourSeconds += sum(scored);
    if (peer.isPresent()) {
      Map<Phase, Double> peerFit = peer.get().fit(job, false);
      Map<Phase, Double> peerScored = peer.get().score(job, scores("peer-job"));
      rounds.peer(job, peerFit);
      rounds.peer(job, peerScored);
      peerSeconds = Optional.of(sum(peerFit) + sum(peerScored));
    }
    report.add("J", job, least, rounds, planned(least, job));
    double passes =
        job.fit() * (least.covariance() + least.lambda())
            + job.queries() * least.precondition(job.rank())
            + job.scan() * least.scan(job.queries());
    double rate = passes / (ourSeconds - fit.getOrDefault(Phase.EIGENDECOMPOSITION, 0.0));
    double total = ourSeconds;
    report.add(
        new Report.Row(
            "J",
            "whole job (rate over its passes)",
            total,
            peerSeconds,
            peerSeconds.map(p -> p / total),
            Optional.of(rate),
            Optional.of(rate / report.ceiling()),
            Optional.of(sum(planned(least, job)) / total)));
  }

  /** Workload Q: 256 queries in one pass, against the peer as it comes and at its best. */
  private void manyQueries(LeastWork least, Ours ours, Optional<Peer> peer) {
    Job job = new Job(16, 256, some(512), 32);
    ours.fit(job, true);
    Report.Rounds best = new Report.Rounds();
    best.ours(job, ours.score(job, scores("ours-many")));
    if (peer.isPresent()) {
      peer.get().fit(job, true);
      best.peer(job, peer.get().score(job, scores("peer-many"), 0));
      Report.Rounds asItComes = new Report.Rounds();
      asItComes.ours(job, ours.score(job, scores("ours-many")));
      asItComes.peer(job, peer.get().score(job, scores("peer-many"), 1));
      report.add("Q, peer as it comes", job, least, asItComes, planned(least, job));
    }
    report.add("Q, peer at its best", job, least, best, planned(least, job));
  }

  private Map<Phase, Double> planned(LeastWork least, Job job) {
    return Planned.seconds(out, least.shapes(), job);
  }

  private int some(int count) {
    return Math.max(BATCH, (int) Math.round(share * count));
  }

  private static double sum(Map<Phase, Double> seconds) {
    return seconds.values().stream().mapToDouble(s -> s).sum();
  }

  private Path scores(String name) {
    return out.resolve(name + ".safetensors");
  }

  private double correlation(String a, String b) {
    return Scores.correlation(scores(a), scores(b));
  }

  private record OptionalPeer(Optional<Peer> peer) implements AutoCloseable {
    static OptionalPeer start(Optional<String> command, Path folder, int batch) throws IOException {
      return command.isEmpty()
          ? new OptionalPeer(Optional.empty())
          : new OptionalPeer(
              Optional.of(new Peer(List.of(command.get().split(" ")), folder, batch)));
    }

    @Override
    public void close() {
      peer.ifPresent(Peer::close);
    }
  }
}
