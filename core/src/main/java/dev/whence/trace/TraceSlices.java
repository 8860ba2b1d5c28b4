package dev.whence.trace;

import dev.whence.tensor.Device;
import dev.whence.tensor.Parallel;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Trace.Use;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * A batch cut into a few sequences at a time, which are traced side by side, each on a core of its
 * own, and put together again. What is small stays near the core, and no core waits for another
 * (docs/decisions/0012).
 */
record TraceSlices(List<Examples> slices) {
  /** More positions than these no longer gain by being multiplied together. */
  static final int MOST_POSITIONS = 1024;

  /** Cuts a batch, when it is on the CPU and has a sequence for every core. */
  static TraceSlices of(Examples batch, Device device) {
    List<Examples> slices = new ArrayList<>();
    int first = 0;
    for (int size :
        device.isCpu()
            ? sizes(batch.size(), (int) batch.inputs().size(1), Parallel.cores())
            : List.of(batch.size())) {
      slices.add(size == batch.size() ? batch : batch.narrow(first, size));
      first += size;
    }
    return new TraceSlices(slices);
  }

  /** How many sequences each slice has: a slice or several for every core, or one for them all. */
  static List<Integer> sizes(int sequences, int positions, int cores) {
    if (cores == 1 || sequences < cores) {
      return List.of(sequences);
    }
    int most = Math.max(1, Math.min(MOST_POSITIONS / positions, Math.ceilDiv(sequences, cores)));
    int turns = Math.ceilDiv(Math.ceilDiv(sequences, most), cores);
    int count = Math.min(sequences, turns * cores);
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int end = (int) ((long) sequences * (i + 1) / count);
      sizes.add(end - (int) ((long) sequences * i / count));
    }
    return sizes;
  }

  /** Traces all slices; the result belongs to the caller's scope. */
  Trace trace(Function<Examples, Trace> undivided) {
    if (slices.size() == 1) {
      return undivided.apply(slices.getFirst());
    }
    Trace[] traces = new Trace[slices.size()];
    List<Callable<List<Tensor>>> pieces = new ArrayList<>();
    for (int i = 0; i < traces.length; i++) {
      int slice = i;
      pieces.add(() -> {
        traces[slice] = undivided.apply(slices.get(slice));
        return traces[slice].tensors();
      });
    }
    List<List<Tensor>> kept = Parallel.run(pieces); // [slices][tensors]
    List<Tensor> joined = new ArrayList<>();
    try {
      for (int t = 0; t < kept.getFirst().size(); t++) {
        int tensor = t;
        List<Tensor> parts = kept.stream().map(slice -> slice.get(tensor)).toList();
        joined.add(Tensors.cat(parts, 0));
        parts.forEach(Tensor::close); // at once, so that few are there twice
      }
    } catch (RuntimeException e) { // memory ran out: the batch will be tried again, smaller
      kept.forEach(slice -> slice.subList(joined.size(), slice.size()).forEach(Tensor::close));
      throw e;
    }
    return like(traces[0], kept.getFirst(), joined);
  }

  /** A trace that shares its inputs among layers as {@code model} does. */
  private static Trace like(Trace model, List<Tensor> from, List<Tensor> to) {
    IdentityHashMap<Tensor, Tensor> joined = new IdentityHashMap<>();
    for (int t = 0; t < from.size(); t++) {
      joined.put(from.get(t), to.get(t));
    }
    List<List<Use>> uses = new ArrayList<>();
    for (List<Use> ofLayer : model.uses()) {
      uses.add(
          ofLayer.stream()
              .map(use -> new Use(of(joined, use.input()), of(joined, use.gradient())))
              .toList());
    }
    return new Trace(uses, model.logProbabilities().map(t -> of(joined, t)));
  }

  private static Tensor of(IdentityHashMap<Tensor, Tensor> joined, Tensor part) {
    return Optional.ofNullable(joined.get(part)).orElseThrow();
  }
}
