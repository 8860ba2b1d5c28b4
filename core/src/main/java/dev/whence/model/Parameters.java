package dev.whence.model;

import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A model's own parameters: what its source gave, by name, until it is closed. */
final class Parameters implements ParameterSource, AutoCloseable {
  private final ParameterSource source;
  private final Map<String, Tensor> byName = new LinkedHashMap<>();

  Parameters(ParameterSource source) {
    this.source = source;
  }

  @Override
  public Tensor parameter(String name, long... shape) {
    try (Scope _ = Scope.open()) {
      return byName.computeIfAbsent(name, n -> source.parameter(n, shape));
    }
  }

  @Override
  public void forget(String name) {
    Optional.ofNullable(byName.remove(name)).ifPresent(Tensor::close);
  }

  @Override
  public boolean has(String name) {
    return source.has(name);
  }

  Map<String, Tensor> byName() {
    return Collections.unmodifiableMap(byName);
  }

  @Override
  public void close() {
    byName.values().forEach(Tensor::close);
    byName.clear();
  }
}
