package dev.whence.run;

import dev.whence.InvalidInputException;
import dev.whence.curvature.Blocks;
import dev.whence.curvature.Eigenbasis;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The factors of one layer on disk: {@code factors/LAYER.safetensors}, described in
 * docs/FORMATS.md.
 */
public final class FactorsFile {
  private static final String ACTIVATION = "activation";
  private static final String GRADIENT = "gradient";
  private static final String LAMBDA = "lambda";
  private static final String DIAGONAL = "diagonal";

  private FactorsFile() {}

  /**
   * A decomposition, to be written.
   *
   * @param covariance that was decomposed, one matrix a block; empty where it is not kept
   */
  public record Factor(Optional<List<Tensor>> covariance, Eigenbasis basis) {}

  /** Collects the tensors of a layer, in the file's order. */
  public static final class Builder {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final DType type;

    /**
     * An empty file.
     *
     * @param type of eigenvectors and corrected eigenvalues
     */
    public Builder(DType type) {
      this.type = type;
    }

    public Builder activation(Factor factor) {
      return factor(ACTIVATION, factor);
    }

    public Builder gradient(Factor factor) {
      return factor(GRADIENT, factor);
    }

    private Builder factor(String side, Factor factor) {
      factor.covariance.ifPresent(covariance -> put(side + "_covariance", covariance));
      tensors.put(side + "_eigenvalues", factor.basis.values());
      put(
          side + "_eigenvectors",
          factor.basis.vectors().stream().map(vectors -> vectors.to(type)).toList());
      return this;
    }

    public Builder lambda(Tensor lambda) {
      tensors.put(LAMBDA, lambda.to(type));
      return this;
    }

    public Builder diagonal(Tensor diagonal) {
      tensors.put(DIAGONAL, diagonal);
      return this;
    }

    /** Copies the tensors of an existing file; they belong to the caller's scope. */
    public Builder copy(Path file) {
      try (SafetensorsFile existing = SafetensorsFile.open(file)) {
        existing.names().forEach(name -> tensors.put(name, existing.tensor(name)));
      }
      return this;
    }

    /** A count, as a tensor of one int64. */
    public Builder count(String name, long value) {
      tensors.put(name, Tensors.of(new long[] {value}, 1));
      return this;
    }

    public void write(Path file) {
      SafetensorsFile.write(file, tensors, Map.of("format", "" + RunManifest.FORMAT));
    }

    /** One block bears the plain name, several are numbered. */
    private void put(String name, List<Tensor> blocks) {
      for (int b = 0; b < blocks.size(); b++) {
        tensors.put(blocks.size() == 1 ? name : name + "." + b, blocks.get(b));
      }
    }
  }

  /** The file of a layer in a run folder. */
  public static Path path(Path folder, String layer) {
    return folder.resolve("factors").resolve(layer + ".safetensors");
  }

  /** The activation basis, if the file has one; the caller closes it. */
  public static Optional<Eigenbasis> activation(SafetensorsFile file, DType type, Device device) {
    return basis(file, ACTIVATION, type, device);
  }

  /** The gradient basis, if the file has one; the caller closes it. */
  public static Optional<Eigenbasis> gradient(SafetensorsFile file, DType type, Device device) {
    return basis(file, GRADIENT, type, device);
  }

  /** Lambda [out, in], if the file has it; the caller closes it. */
  public static Optional<Tensor> lambda(SafetensorsFile file, DType type, Device device) {
    return read(file, LAMBDA, type, device);
  }

  /** The diagonal [out, in], if the file has it; the caller closes it. */
  public static Optional<Tensor> diagonal(SafetensorsFile file, DType type, Device device) {
    return read(file, DIAGONAL, type, device);
  }

  /**
   * The numerical rank of the activation covariance: how many eigenvalues are above rounding. It is
   * singular when that is less than its width.
   */
  public static Optional<Integer> activationRank(SafetensorsFile file) {
    return rank(file, ACTIVATION);
  }

  /** The numerical rank of the gradient covariance: how many eigenvalues are above rounding. */
  public static Optional<Integer> gradientRank(SafetensorsFile file) {
    return rank(file, GRADIENT);
  }

  private static Optional<Integer> rank(SafetensorsFile file, String side) {
    String name = side + "_eigenvalues";
    if (!file.names().contains(name)) {
      return Optional.empty();
    }
    try (Scope _ = Scope.open()) {
      Tensor values = file.tensor(name);
      double rounding =
          values.type().epsilon() * values.elements() * Math.max(0, values.max().item());
      return Optional.of((int) Arrays.stream(values.toDoubles()).filter(v -> v > rounding).count());
    }
  }

  private static Optional<Eigenbasis> basis(
      SafetensorsFile file, String side, DType type, Device device) {
    String values = side + "_eigenvalues";
    if (!file.names().contains(values)) {
      return Optional.empty();
    }
    String vectors = side + "_eigenvectors";
    List<String> names = new ArrayList<>();
    if (file.names().contains(vectors)) {
      names.add(vectors);
    }
    for (int b = 0; file.names().contains(vectors + "." + b); b++) {
      names.add(vectors + "." + b);
    }
    if (names.isEmpty()) {
      throw new InvalidInputException(file.file() + " has eigenvalues but no " + vectors);
    }
    try (Scope _ = Scope.open()) {
      List<Tensor> blocks =
          names.stream().map(name -> file.tensor(name).to(type).to(device).keep()).toList();
      Tensor all = file.tensor(values).to(type).to(device).keep();
      return Optional.of(
          new Eigenbasis(new Blocks((int) all.elements(), blocks.size()), all, blocks));
    }
  }

  private static Optional<Tensor> read(
      SafetensorsFile file, String name, DType type, Device device) {
    if (!file.names().contains(name)) {
      return Optional.empty();
    }
    try (Scope _ = Scope.open()) {
      return Optional.of(file.tensor(name).to(type).to(device).keep());
    }
  }
}
