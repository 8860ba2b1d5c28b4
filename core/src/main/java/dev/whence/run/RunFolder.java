package dev.whence.run;

import dev.whence.AtomicFile;
import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.LayerFactors;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A finished fit on disk. */
public record RunFolder(Path path, RunManifest manifest) {
  public static final String MANIFEST = "manifest.json";

  /**
   * Reads a run folder's manifest.
   *
   * @throws InvalidInputException when the folder is not a finished run, or of a newer format
   */
  public static RunFolder open(Path path) {
    if (!Files.exists(path.resolve(MANIFEST))) {
      String partial = path.toAbsolutePath().getFileName() + ".partial";
      boolean unfinished = Files.exists(path.toAbsolutePath().resolveSibling(partial));
      throw new InvalidInputException(
          path
              + (unfinished
                  ? " is not finished; run the same 'whence fit' again to go on with it"
                  : " is not a run folder (it has no "
                      + MANIFEST
                      + "); make one with 'whence fit'"));
    }
    requireKind(path, RunManifest.KIND, RunManifest.FORMAT, "whence fit");
    RunManifest manifest = readManifest(path, RunManifest.class);
    return new RunFolder(path, manifest);
  }

  /**
   * Checks what a folder's manifest says it is.
   *
   * @param command what writes folders of this kind
   * @throws InvalidInputException when it is of another kind or format
   */
  public static void requireKind(Path folder, String kind, int format, String command) {
    JsonNode manifest = readManifest(folder, JsonNode.class);
    String found = manifest.path("kind").asString("something else");
    if (!kind.equals(found)) {
      throw new InvalidInputException(
          "%s holds %s, where a %s folder is needed; give one that '%s' wrote"
              .formatted(folder, found, kind, command));
    }
    if (manifest.path("format").asInt(0) != format) {
      throw new InvalidInputException(
          "%s has format %s, but this version of Whence reads %d; make it again with '%s'"
              .formatted(folder, manifest.path("format"), format, command));
    }
  }

  /** Reads a folder's {@code manifest.json} as a record. */
  public static <T> T readManifest(Path folder, Class<T> type) {
    Path file = folder.resolve(MANIFEST);
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(file), type);
    } catch (JacksonException e) {
      throw new InvalidInputException(
          file + " is damaged: " + e.getOriginalMessage() + "; make the folder again", e);
    } catch (IOException e) {
      throw AtomicFile.failed("read", file, e);
    }
  }

  /** Writes a record as a folder's {@code manifest.json}. */
  public static void writeManifest(Path folder, Object manifest) {
    Path file = folder.resolve(MANIFEST);
    try {
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(manifest) + "\n");
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }

  /**
   * The checkpoint's folder, after checking that it is still the one that was fitted.
   *
   * @throws InvalidInputException when it has moved or changed
   */
  public Path verifiedModel(List<Path> files) {
    Path folder = Path.of(manifest.model().folder());
    if (!Provenance.sha256(files).equals(manifest.model().sha256())) {
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
   * Checks that this is the run that something was made from.
   *
   * @param sha256 of the manifest then
   * @throws InvalidInputException when it was fitted again since
   */
  public void requireManifest(String sha256) {
    if (!Provenance.sha256(List.of(path.resolve(MANIFEST))).equals(sha256)) {
      throw new InvalidInputException(
          path + " was fitted again since the results were made; attribute again with --force");
    }
  }

  /** Loads the factors of all layers; the caller closes them. */
  public Factors factors(DType type, Device device) {
    return factors(manifest.layers(), type, device);
  }

  /** Loads the factors of some of the manifest's layers; the caller closes them. */
  public Factors factors(List<RunManifest.Layer> layers, DType type, Device device) {
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
    if (!Files.exists(factorsFile)
        || !Provenance.sha256(List.of(factorsFile)).equals(layer.factorsSha256())) {
      throw new InvalidInputException(
          factorsFile + " is missing or was changed since the fit; fit again with --force");
    }
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
   * The factors of a run's layers, in its layers' order, and all that they are made of.
   *
   * @param owned closed with this
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
