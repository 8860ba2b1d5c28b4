package dev.whence.benchmarks;

import dev.whence.Json;
import dev.whence.budget.Compute;
import dev.whence.folder.AtomicFile;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.DeviceMemory;
import dev.whence.tensor.NativeMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Models of real size on a GPU, beside a peer on the same one, precision for precision. What was
 * measured is written after every step, so that a machine that is taken away takes one step.
 */
final class GpuWorkload {
  private static final int POSITIONS = 512;
  private static final int QUERIES = 481;
  private static final int RANK = 32;
  private static final int SEQUENCES = 64;
  private static final int GPT2_SEQUENCES = 512;
  private static final int LARGE_MODEL_LAYERS = 4;
  private static final int LARGE_MODEL_BLOCKS = 4;

  /** How numbers are multiplied; sums are in float32 throughout. */
  enum Precision {
    FLOAT32,
    TF32,
    /** The model's passes in bfloat16, and the products of what they leave as TF32. */
    BFLOAT16;

    Compute on(Device device, int batchTokens) {
      return Compute.DEFAULT
          .withBatchTokens(batchTokens)
          .withDevices(List.of(device))
          .withType(this == BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT32)
          .withTf32(this != FLOAT32 && !device.isCpu());
    }

    String[] peer(Device device) {
      return new String[] {
        "--device", device.name(), "--precision", name().toLowerCase(Locale.ROOT)
      };
    }
  }

  /**
   * A model and what is done with it.
   *
   * @param blocks of each covariance; more than one is not what the peer does
   */
  private record Model(String name, Shapes shapes, int blocks, Job job) {
    Model small() {
      Job few = new Job(8, 3, 8, Math.min(4, job.rank()));
      return new Model(name + " (small)", shapes.small(), blocks, few);
    }

    Model share(double share) {
      Job part =
          new Job(
              Math.max(4, (int) (share * job.fit())),
              Math.max(1, (int) (share * job.queries())),
              Math.max(4, (int) (share * job.scan())),
              job.rank());
      return new Model(name, shapes, blocks, part);
    }
  }

  private static final List<Model> MODELS =
      List.of(
          new Model("gpt2", Shapes.gpt2(POSITIONS), 1, new Job(GPT2_SEQUENCES, QUERIES, 256, RANK)),
          new Model(
              "qwen2.5-0.5b",
              Shapes.qwenHalfBillion(POSITIONS),
              1,
              new Job(SEQUENCES, SEQUENCES, SEQUENCES, 0)),
          new Model(
              "qwen2.5-3b, %d of 36 layers".formatted(LARGE_MODEL_LAYERS),
              Shapes.qwenThreeBillion(LARGE_MODEL_LAYERS, POSITIONS),
              LARGE_MODEL_BLOCKS,
              new Job(SEQUENCES, SEQUENCES, SEQUENCES, 0)));

  /**
   * What came of a model in a precision.
   *
   * @param blocks of each covariance
   * @param ours seconds of each phase
   * @param rates of the least work that is known, GFLOP/s
   * @param ofCeiling rates as shares of the precision's GEMM ceiling
   * @param planned seconds that {@code whence plan} foretells
   * @param pairsASecond queries times sequences, by the seconds of the scan
   * @param correlation of all scores, ours and the peer's
   * @param deviceBytes the most that tensors took on the device, at any time so far
   * @param hostBytes the most that this process took of the machine's memory, at any time so far
   * @param runBytes of the run folder
   */
  record Step(
      String model,
      Precision precision,
      int blocks,
      Job job,
      Map<Phase, Double> ours,
      Map<Phase, Double> rates,
      Map<Phase, Double> ofCeiling,
      Map<Phase, Double> planned,
      double pairsASecond,
      Optional<Map<Phase, Double>> peer,
      Optional<Double> peerPairsASecond,
      Optional<Double> correlation,
      Optional<String> peerFailure,
      long deviceBytes,
      long hostBytes,
      long runBytes) {}

  private final Device device;
  private final List<Precision> precisions;
  private final Optional<String> peerCommand;
  private final int batchTokens;
  private final Path out;
  private final Consumer<String> printer;
  private final DeviceCeilings ceilings;
  private final List<Step> steps = new ArrayList<>();

  /** Measures the ceilings. */
  GpuWorkload(
      Device device,
      List<Precision> precisions,
      Optional<String> peerCommand,
      int batchTokens,
      boolean small,
      Path out,
      Consumer<String> printer) {
    this.device = device.require();
    this.precisions = precisions;
    this.peerCommand = peerCommand;
    this.batchTokens = batchTokens;
    this.out = out;
    this.printer = printer;
    this.ceilings = DeviceCeilings.measure(device, small ? 512 : 8192);
    print(
        String.format(
            Locale.ROOT,
            "Ceilings of %s: GEMM %.0f GFLOP/s in float32, %.0f as TF32, %.0f in bfloat16; copy %.0f GB/s, from the host %.1f; eigh of 1024 in float64 %.3f s, on the host %.3f s",
            device,
            ceilings.gemm(),
            ceilings.gemmTf32(),
            ceilings.gemmBfloat16(),
            ceilings.copy(),
            ceilings.fromHost(),
            ceilings.eigh1024(),
            ceilings.eigh1024OnHost()));
    write();
  }

  /** The names of all models. */
  static List<String> models() {
    return MODELS.stream().map(model -> model.name.split(",")[0]).toList();
  }

  /**
   * Runs the models of these names.
   *
   * @param share of each job to do
   */
  void run(List<String> names, double share, boolean small) {
    for (Model model : MODELS) {
      if (names.contains(model.name.split(",")[0])) {
        run(small ? model.small() : model.share(share));
      }
    }
  }

  /** Once with a small model, uncounted: the virtual machine compiles, libraries are loaded. */
  void warmUp() {
    Model small = MODELS.getFirst().small();
    Path folder = out.resolve("warm-up");
    try {
      Files.createDirectories(folder);
      small.shapes.write(folder, small.job.fit(), small.job.queries());
      for (Precision precision : precisions) {
        Compute compute = precision.on(device, batchTokens);
        try (Ours whence = new Ours(folder, small.shapes, small.blocks, compute)) {
          Map<Phase, Double> _ = whence.fit(small.job, true);
          Map<Phase, Double> _ = whence.score(small.job, folder.resolve("scores.safetensors"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run(Model model) {
    Path folder = out.resolve(model.name.replaceAll("[^a-z0-9.]+", "-"));
    Job job = model.job;
    try {
      Files.createDirectories(folder);
      model.shapes.write(folder, Math.max(job.fit(), job.scan()), job.queries());
      for (Precision precision : precisions) {
        steps.add(step(model, precision, folder));
        write();
        show(steps.getLast());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Step step(Model model, Precision precision, Path folder) throws IOException {
    Job job = model.job;
    Compute compute = precision.on(device, batchTokens);
    Map<Phase, Double> ours = new EnumMap<>(Phase.class);
    Path ourScores = folder.resolve("ours.safetensors");
    try (Ours whence = new Ours(folder, model.shapes, model.blocks, compute)) {
      ours.putAll(whence.fit(job, true));
      ours.putAll(whence.score(job, ourScores));
    }
    NativeMemory.giveBack(); // the peer has the whole card
    Map<Phase, Double> rates = rates(new LeastWork(model.shapes, model.blocks), job, ours);
    Map<Phase, Double> ofCeiling = new EnumMap<>(Phase.class);
    rates.forEach((phase, rate) -> ofCeiling.put(phase, rate / ceilings.of(precision)));
    Optional<Map<Phase, Double>> peer = Optional.empty();
    Optional<Double> correlation = Optional.empty();
    Optional<String> failure = Optional.empty();
    if (peerCommand.isPresent() && model.blocks == 1) {
      Path peerScores = folder.resolve("peer.safetensors");
      int batch = Math.max(1, batchTokens / model.shapes.positions());
      try (Peer other =
          new Peer(List.of(peerCommand.get().split(" ")), folder, batch, precision.peer(device))) {
        Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
        seconds.putAll(other.fit(job, true));
        seconds.putAll(other.score(job, peerScores));
        peer = Optional.of(seconds);
        correlation = Optional.of(Scores.correlation(ourScores, peerScores));
      } catch (IOException | UncheckedIOException e) { // what was measured of ours counts
        failure = Optional.of(String.valueOf(e.getMessage()));
      }
    }
    double pairs = (double) job.queries() * job.scan();
    return new Step(
        model.name,
        precision,
        model.blocks,
        job,
        ours,
        rates,
        ofCeiling,
        Planned.seconds(folder, model.shapes, job, model.blocks, compute),
        pairs / ours.getOrDefault(Phase.SCAN, Double.NaN),
        peer,
        peer.map(seconds -> pairs / seconds.getOrDefault(Phase.SCAN, Double.NaN)),
        correlation,
        failure,
        device.isCpu() ? 0 : DeviceMemory.peak(device),
        ProcessMemory.peak(),
        bytes(folder.resolve("run")));
  }

  private static Map<Phase, Double> rates(LeastWork least, Job job, Map<Phase, Double> seconds) {
    Map<Phase, Double> rates = new EnumMap<>(Phase.class);
    seconds.forEach((phase, s) -> {
      double each =
          switch (phase) {
            case COVARIANCE -> least.covariance();
            case EIGENDECOMPOSITION -> 0;
            case LAMBDA -> least.lambda();
            case PRECONDITION -> least.precondition(job.rank());
            case SCAN -> least.scan(job.queries());
          };
      if (each > 0) {
        rates.put(phase, each * job.units(phase) / s);
      }
    });
    return rates;
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private void show(Step step) {
    print(String.format(Locale.ROOT, "\n%s, %s: %s", step.model, step.precision, step.job));
    step.ours.forEach((phase, seconds) ->
        print(
            String.format(
                Locale.ROOT,
                "  %-28s %8.2f s%s%s%s",
                phase.label.split(",")[0],
                seconds,
                Optional.ofNullable(step.ofCeiling.get(phase))
                    .map(
                        share -> String.format(Locale.ROOT, ", %.0f%% of the ceiling", 100 * share))
                    .orElse(""),
                Optional.ofNullable(step.planned.get(phase))
                    .map(planned -> String.format(Locale.ROOT, ", planned %.2f s", planned))
                    .orElse(""),
                step.peer
                    .flatMap(peer -> Optional.ofNullable(peer.get(phase)))
                    .map(peer -> String.format(Locale.ROOT, ", peer %.2f s", peer))
                    .orElse(""))));
    print(
        String.format(
            Locale.ROOT,
            "  %.0f pairs a second%s%s; device %d MiB, host %d MiB, run %d MiB",
            step.pairsASecond,
            step.peerPairsASecond
                .map(p ->
                    String.format(Locale.ROOT, ", peer %.0f: %.1f times", p, step.pairsASecond / p))
                .orElse(""),
            step.correlation
                .map(c -> String.format(Locale.ROOT, ", correlation %.6f", c))
                .orElse(""),
            step.deviceBytes >> 20,
            step.hostBytes >> 20,
            step.runBytes >> 20));
    step.peerFailure.ifPresent(
        failure -> print(String.format(Locale.ROOT, "  the peer failed: %s", failure)));
  }

  private void write() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("device", device.name());
    all.put("batch_tokens", batchTokens);
    all.put("ceilings", ceilings);
    all.put("steps", steps);
    try {
      AtomicFile.write(out.resolve("gpu.json"), Json.MAPPER.writeValueAsString(all));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void print(String line) {
    printer.accept(line + "\n");
  }
}
