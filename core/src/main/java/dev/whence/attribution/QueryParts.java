package dev.whence.attribution;

import dev.whence.Progress;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.corpus.Query;
import dev.whence.curvature.Curvature;
import dev.whence.influence.InfluenceScan;
import dev.whence.influence.LayerQueries;
import dev.whence.influence.PreconditionedQueries;
import dev.whence.influence.QuerySplit;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.run.Curvatures;
import dev.whence.tensor.NativeMemory;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The preconditioned queries in the parts that fit in memory one at a time. A single part stays in
 * memory, until it has to make room; several are kept in files of the work folder, where a resumed
 * run finds them again.
 */
final class QueryParts implements AutoCloseable {
  private static final String FILES = "queries-*-layers-*.safetensors";
  private static final String LOG_PROBABILITIES = "log_probabilities";

  private final Preconditioner preconditioner;
  private final List<Query> queries;
  private final AttributionSettings settings;
  private final QueryMemory memory;
  private final QuerySplit split;
  private final Path folder;
  private final Progress progress;
  private Optional<Open> only = Optional.empty();
  private boolean aside; // the only part, in its file

  QueryParts(
      Preconditioner preconditioner,
      List<Query> queries,
      AttributionSettings settings,
      AttributionMemory memory,
      Path folder,
      Progress progress) {
    this.preconditioner = preconditioner;
    this.queries = queries;
    this.settings = settings;
    this.memory = memory.scanning();
    this.split = this.memory.split(queries.size());
    this.folder = folder;
    this.progress = progress;
  }

  QuerySplit split() {
    return split;
  }

  /** What a progress report adds when there are several parts. */
  String remark() {
    return " in %d parts, as %,d MiB of memory allow"
        .formatted(split.passes(), memory.memory().budget().bytes() >> 20);
  }

  /** Log-probability of each query's completion given its prompt, in nats. */
  List<Double> logProbabilities() {
    if (!inFiles()) {
      return open(split.parts().getFirst()).queries.logProbabilities();
    }
    List<Double> all = new ArrayList<>();
    for (Range range : split.queries()) {
      Path file = prepareFile(new QuerySplit.Part(range, split.layers().getFirst()));
      try (SafetensorsFile saved = SafetensorsFile.open(file)) {
        all.addAll(logProbabilities(saved));
      }
    }
    return all;
  }

  /** Whether parts are brought into memory from files, each time that they are opened. */
  private boolean inFiles() {
    return split.passes() > 1 || aside;
  }

  /** Leaves the memory to others: a part that stayed in it goes to its file. */
  void setAside() {
    only.ifPresent(part -> {
      Path file = file(part.part);
      if (!Files.exists(file)) {
        write(file, part.queries);
      }
      aside = true;
      close();
      NativeMemory.giveBack();
    });
  }

  /** Removes the files of parts, of any split, from a work folder. */
  static void forget(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, FILES)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /**
   * A part in memory.
   *
   * @param self the curvature of its layers, for the part that computes self-influence with it
   */
  record Open(
      QuerySplit.Part part,
      PreconditionedQueries queries,
      Optional<Curvatures> self,
      List<Linear> layers,
      boolean shared)
      implements AutoCloseable {
    InfluenceScan scan(LanguageModel model, InfluenceScan.Detail detail) {
      return scan(model, queries, detail);
    }

    /** A scan for other queries than the part's own. */
    InfluenceScan scan(
        LanguageModel model, PreconditionedQueries queries, InfluenceScan.Detail detail) {
      Optional<List<Curvature>> curvatures = self.map(Curvatures::layers);
      return new InfluenceScan(
          model,
          layers,
          queries.count() == 0 ? Optional.empty() : Optional.of(queries),
          detail,
          curvatures);
    }

    @Override
    public void close() {
      if (!shared) {
        free();
        NativeMemory.giveBack();
      }
    }

    private void free() {
      queries.close();
      self.ifPresent(Curvatures::close);
    }
  }

  /** Preconditions all queries, so that what is wrong with them shows before the scan begins. */
  void prepare() {
    List<QuerySplit.Part> all = split.parts();
    if (all.size() == 1) {
      open(all.getFirst()).close();
    } else {
      try (Progress.Stage stage =
          progress.begin("preconditioning" + remark(), all.size(), "parts")) {
        for (QuerySplit.Part part : all) {
          prepareFile(part);
          stage.advance(1);
        }
      }
    }
  }

  /** Brings a part into memory; the caller closes it, and opens no other before. */
  Open open(QuerySplit.Part part) {
    return open(part, false);
  }

  /** Brings a part into memory, with what a scan prepares once so that each chunk costs less. */
  Open openToScan(QuerySplit.Part part) {
    return open(part, true);
  }

  private Open open(QuerySplit.Part part, boolean toScan) {
    if (inFiles()) {
      PreconditionedQueries queries = read(prepareFile(part), part.layers().size());
      return toScan
          ? ready(part, queries, false)
          : new Open(part, queries, Optional.empty(), layers(part), false);
    }
    if (only.isEmpty()) {
      only = Optional.of(ready(part, prepare(part, progress), true));
    }
    return only.get();
  }

  /**
   * A part's queries, or others in their place, for a scan on another device; the caller closes the
   * copy.
   */
  Open copyTo(Open part, PreconditionedQueries asked, LanguageModel other) {
    PreconditionedQueries copy = asked.copyTo(other.device());
    try {
      Preconditioner there = preconditioner.on(other);
      return new Open(
          part.part,
          copy,
          part.self.map(_ -> there.curvatures(part.part.layers())),
          part.part.layers().of(there.layers()),
          false);
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  /** Takes over the queries, also when it fails. */
  private Open ready(QuerySplit.Part part, PreconditionedQueries queries, boolean shared) {
    PreconditionedQueries ready =
        queries.expand(memory.forming(part), shared ? progress : Progress.NONE);
    try {
      boolean self = settings.selfInfluence() && part.queries().from() == 0;
      return new Open(
          part,
          ready,
          self ? Optional.of(preconditioner.curvatures(part.layers())) : Optional.empty(),
          layers(part),
          shared);
    } catch (RuntimeException e) {
      ready.close();
      throw e;
    }
  }

  private List<Linear> layers(QuerySplit.Part part) {
    return part.layers().of(preconditioner.layers());
  }

  private PreconditionedQueries prepare(QuerySplit.Part part, Progress progress) {
    return preconditioner.prepare(
        part.queries().of(queries), memory.passing(part), settings.rank(), progress);
  }

  private Path prepareFile(QuerySplit.Part part) {
    Path file = file(part);
    if (!Files.exists(file)) {
      try (PreconditionedQueries prepared = prepare(part, Progress.NONE)) {
        write(file, prepared);
      }
      NativeMemory.giveBack();
    }
    return file;
  }

  private Path file(QuerySplit.Part part) {
    return folder.resolve(
        "queries-%d-%d-layers-%d-%d.safetensors"
            .formatted(
                part.queries().from(),
                part.queries().to(),
                part.layers().from(),
                part.layers().to()));
  }

  private static void write(Path file, PreconditionedQueries queries) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (int l = 0; l < queries.layers().size(); l++) {
        String name = "" + l;
        queries.layers().get(l).tensors().forEach((side, t) -> tensors.put(side + "." + name, t));
      }
      double[] logs = queries.logProbabilities().stream().mapToDouble(x -> x).toArray();
      tensors.put(LOG_PROBABILITIES, Tensors.of(logs, logs.length));
      SafetensorsFile.write(file, tensors, Map.of());
    }
  }

  private PreconditionedQueries read(Path file, int layers) {
    List<LayerQueries> parts = new ArrayList<>();
    try (SafetensorsFile saved = SafetensorsFile.open(file);
        Scope _ = Scope.open()) {
      for (int l = 0; l < layers; l++) {
        String suffix = "." + l;
        parts.add(
            LayerQueries.of(
                side -> saved.tensor(side + suffix).to(preconditioner.model().device()),
                settings.rank()));
      }
      return new PreconditionedQueries(parts, logProbabilities(saved));
    } catch (RuntimeException e) {
      parts.forEach(LayerQueries::close);
      throw e;
    }
  }

  private static List<Double> logProbabilities(SafetensorsFile saved) {
    try (Scope _ = Scope.open()) {
      return Arrays.stream(saved.tensor(LOG_PROBABILITIES).toDoubles()).boxed().toList();
    }
  }

  @Override
  public void close() {
    only.ifPresent(Open::free);
    only = Optional.empty();
  }
}
