package dev.whence.run;

import dev.whence.InvalidInputException;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.LayerFactors;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Hashes;
import dev.whence.folder.Manifest;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A finished fit on disk. */
public record RunFolder(Path path, RunManifest manifest) {
  /**
   * Reads a run folder's manifest.
   *
   * @throws InvalidInputException when the folder is not a finished run, or of a newer format
   */
  public static RunFolder open(Path path) {
    return new RunFolder(path, FolderKind.RUN.read(path, RunManifest.FORMAT, RunManifest.class));
  }

  /**
   * The checkpoint's folder, after checking that it is still the one that was fitted.
   *
   * @throws InvalidInputException when it has moved or changed
   */
  public Path verifiedModel(List<Path> files) {
    Path folder = Path.of(manifest.model().folder());
    if (!Hashes.ofFiles(files).equals(manifest.model().sha256())) {
      throw new InvalidInputException(
          "the model in "
              + folder
              + " has changed since "
              + path
              + " was fitted; fit again with --force");
    }
    return folder;
  }

  /**
   * Checks that this is the run that results were made from.
   *
   * @param sha256 of the run's manifest when they were made
   * @throws InvalidInputException when it was fitted again since
   */
  public void requireManifest(String sha256) {
    if (!Hashes.ofFiles(List.of(path.resolve(Manifest.NAME))).equals(sha256)) {
      throw new InvalidInputException(
          path + " was fitted again since the results were made; attribute again with --force");
    }
  }

  /** Loads the factors of all layers; the caller closes them. */
  public Factors factors(DType type, Device device) {
    return factors(manifest.layers(), type, device);
  }

  /** Loads the factors of a subset of the manifest's layers; the caller closes them. */
  public Factors factors(List<RunManifest.Layer> layers, DType type, Device device) {
    layers.forEach(this::verify);
    return verifiedFactors(layers, type, device);
  }

  /**
   * Checks that a layer's factor file is the one that was fitted: reads all of it.
   *
   * @throws InvalidInputException when it is missing or was changed
   */
  public void verify(RunManifest.Layer layer) {
    Path file = FactorsFile.path(path, layer.name());
    if (!Files.exists(file) || !Hashes.ofFiles(List.of(file)).equals(layer.factorsSha256())) {
      throw new InvalidInputException(
          file + " is missing or was changed since the fit; fit again with --force");
    }
  }

  /** Loads the factors of layers that were verified before; the caller closes them. */
  public Factors verifiedFactors(List<RunManifest.Layer> layers, DType type, Device device) {
    Factors factors = new Factors(new ArrayList<>(), new ArrayList<>());
    try {
      Map<String, Eigenbasis> activations = new HashMap<>();
      for (RunManifest.Layer layer : layers) {
        load(layer, factors, activations, type, device);
      }
      return factors;
    } catch (RuntimeException e) {
      factors.close();
      throw e;
    }
  }

  private void load(
      RunManifest.Layer layer,
      Factors factors,
      Map<String, Eigenbasis> activations,
      DType type,
      Device device) {
    Path factorsFile = FactorsFile.path(path, layer.name());
    try (SafetensorsFile file = SafetensorsFile.open(factorsFile)) {
      Optional<Eigenbasis> activation =
          layer.sharesInputWith().map(activations::get).or(() -> Optional.empty());
      if (activation.isEmpty()) {
        activation = FactorsFile.activation(file, type, device);
        activation.ifPresent(factors.owned::add);
        activation.ifPresent(basis -> activations.put(layer.name(), basis));
      }
      Optional<Eigenbasis> gradient = FactorsFile.gradient(file, type, device);
      gradient.ifPresent(factors.owned::add);
      Optional<Tensor> lambda = FactorsFile.lambda(file, type, device);
      lambda.ifPresent(factors.owned::add);
      Optional<Tensor> diagonal = FactorsFile.diagonal(file, type, device);
      diagonal.ifPresent(factors.owned::add);
      Optional<LayerFactors.Kronecker> kronecker =
          activation.isPresent() && gradient.isPresent()
              ? Optional.of(
                  new LayerFactors.Kronecker(
                      activation.get(), gradient.get(), manifest.positionsPerSequence()))
              : Optional.empty();
      factors.layers.add(new LayerFactors(layer.name(), kronecker, lambda, diagonal));
    }
  }

  /**
   * The factors of a run's layers, in the manifest's order.
   *
   * @param owned the tensors and bases that the factors consist of, closed with this
   */
  public record Factors(List<LayerFactors> layers, List<AutoCloseable> owned)
      implements AutoCloseable {
    @Override
    public void close() {
      for (AutoCloseable part : owned) {
        switch (part) {
          case Tensor tensor -> tensor.close();
          case Eigenbasis basis -> basis.close();
          default -> throw new IllegalStateException("unexpected " + part.getClass());
        }
      }
    }
  }
}
