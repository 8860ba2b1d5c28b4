package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.curvature.Covariance;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.LayerFactors.Kronecker;
import dev.whence.folder.AtomicFile;
import dev.whence.model.Linear;
import dev.whence.run.FactorsFile;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * The eigenbases of all tracked layers (METHOD 2.2). They are read back from the factor files when
 * a fit is taken up again, never computed twice: where eigenvalues are equal another decomposition
 * may turn the eigenvectors, and sums in the old ones would be worthless.
 *
 * @param kronecker one a layer, empty when no eigenbases are wanted
 * @param owned the bases, each once
 */
record Bases(List<Optional<Kronecker>> kronecker, Counts counts, List<Eigenbasis> owned)
    implements AutoCloseable {
  static final String MARKER = "decomposed.json";

  /** What the covariances saw. */
  record Counts(long sequences, long positions) {
    double positionsPerSequence() {
      return (double) positions / Math.max(1, sequences);
    }
  }

  /** No bases, for curvatures that need none. */
  static Bases none(int layers) {
    List<Optional<Kronecker>> empty = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      empty.add(Optional.empty());
    }
    return new Bases(empty, new Counts(0, 0), List.of());
  }

  /** What is done with a layer's bases as soon as they are there. */
  @FunctionalInterface
  interface LayerStep {
    /** Takes a layer's bases, which stay whole until {@link #finish}. */
    void take(int layer, Kronecker bases);

    /** Waits for what is still being done with them; nothing is when it is called again. */
    default void finish() {}
  }

  /**
   * Decomposes covariances, each of which is given up as soon as it is decomposed.
   *
   * @param type of the bases
   * @param stored the type that a run folder will have them in, if it is another: what follows from
   *     the bases must follow from those that are read back
   * @throws ArithmeticException naming the layer whose covariance is not finite
   */
  static Bases decompose(
      List<Linear> layers,
      InputGroups groups,
      Covariances covariances,
      DType type,
      Optional<DType> stored,
      LayerStep step) {
    covariances.complete();
    // A language model's layers all see the same positions.
    Counts counts = new Counts(covariances.sequences(), covariances.positions(0));
    Bases bases = new Bases(new ArrayList<>(), counts, new ArrayList<>());
    try {
      Map<Integer, Eigenbasis> activations = new HashMap<>();
      for (int l = 0; l < layers.size(); l++) {
        try (Scope _ = Scope.open()) {
          long positions = covariances.positions(l);
          int leader = groups.leader().get(l);
          Eigenbasis activation = activations.get(leader);
          if (activation == null) {
            activation =
                bases.decompose(covariances.activation(l), positions, layers.get(l), type, stored);
            activations.put(leader, activation);
          }
          Eigenbasis gradient =
              bases.decompose(covariances.gradient(l), positions, layers.get(l), type, stored);
          Kronecker pair =
              new Kronecker(
                  activation, gradient, (double) positions / Math.max(1, covariances.sequences()));
          bases.kronecker.add(Optional.of(pair));
          step.take(l, pair);
        }
        covariances.release(l);
      }
      step.finish();
      return bases;
    } catch (RuntimeException e) {
      try {
        step.finish();
      } catch (RuntimeException another) {
        e.addSuppressed(another);
      }
      bases.close();
      throw e;
    }
  }

  /** Decomposes covariances and writes their bases to the layers' factor files. */
  static Bases decompose(
      Path folder,
      String prefix,
      List<Linear> layers,
      InputGroups groups,
      Covariances covariances,
      FitSettings settings,
      Runnable layerDone) {
    DType type = settings.compute().type().accumulator();
    FactorsWriter writer = new FactorsWriter(folder, layers, covariances, settings, layerDone);
    Bases bases = decompose(layers, groups, covariances, type, settings.factorsType(), writer);
    try {
      AtomicFile.write(
          folder.resolve(prefix + MARKER), Json.MAPPER.writeValueAsString(bases.counts));
      return bases;
    } catch (IOException e) {
      bases.close();
      throw AtomicFile.failed("write to", folder, e);
    }
  }

  private Eigenbasis decompose(
      Covariance sum, long positions, Linear layer, DType type, Optional<DType> stored) {
    try {
      Eigenbasis basis = sum.eigenbasis(positions, type);
      if (stored.isPresent()) {
        try (Eigenbasis exact = basis) {
          basis = exact.roundedTo(stored.get());
        }
      }
      owned.add(basis);
      return basis;
    } catch (ArithmeticException e) {
      throw new ArithmeticException(
          "a covariance of layer %s cannot be decomposed: %s; try --dtype float64"
              .formatted(layer.name(), e.getMessage()));
    }
  }

  /** Reads what {@link #decompose} wrote, if it came to its end. */
  static Optional<Bases> read(
      Path folder,
      String prefix,
      List<Linear> layers,
      InputGroups groups,
      DType type,
      Device device) {
    Path marker = folder.resolve(prefix + MARKER);
    if (!Files.exists(marker)) {
      return Optional.empty();
    }
    Counts counts = readMarker(marker, Counts.class);
    Bases bases = new Bases(new ArrayList<>(), counts, new ArrayList<>());
    try {
      Map<Integer, Eigenbasis> activations = new HashMap<>();
      for (int l = 0; l < layers.size(); l++) {
        try (SafetensorsFile file =
            SafetensorsFile.open(FactorsFile.path(folder, layers.get(l).name()))) {
          int leader = groups.leader().get(l);
          Eigenbasis activation = activations.get(leader);
          if (activation == null) {
            activation = FactorsFile.activation(file, type, device).orElseThrow();
            bases.owned.add(activation);
            activations.put(leader, activation);
          }
          Eigenbasis gradient = FactorsFile.gradient(file, type, device).orElseThrow();
          bases.owned.add(gradient);
          bases.kronecker.add(
              Optional.of(new Kronecker(activation, gradient, counts.positionsPerSequence())));
        }
      }
      return Optional.of(bases);
    } catch (RuntimeException e) {
      bases.close();
      throw e;
    }
  }

  /** Reads what says that a step came to its end. */
  static <T> T readMarker(Path marker, Class<T> type) {
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(marker), type);
    } catch (JacksonException e) {
      throw new InvalidInputException(
          marker + " is damaged; delete " + marker.getParent() + " to start over", e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(marker, e);
    }
  }

  @Override
  public void close() {
    owned.forEach(Eigenbasis::close);
  }
}
