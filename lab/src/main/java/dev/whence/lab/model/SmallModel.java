package dev.whence.lab.model;

import dev.whence.model.Linear;
import dev.whence.model.Model;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.util.List;

/**
 * A model that is made in memory, not loaded, and owns its weights: those of its layers, and no
 * others.
 */
public abstract class SmallModel implements Model, AutoCloseable {
  private final Layers layers;

  /** Takes over the layers, to which the subclass's constructor adds. */
  SmallModel(Layers layers) {
    this.layers = layers;
  }

  @Override
  public List<Linear> linears() {
    return layers.linears();
  }

  @Override
  public DType type() {
    return layers.type();
  }

  @Override
  public Device device() {
    return layers.device();
  }

  @Override
  public void close() {
    layers.close();
  }
}
