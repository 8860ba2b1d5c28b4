package dev.whence.model;

import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

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
