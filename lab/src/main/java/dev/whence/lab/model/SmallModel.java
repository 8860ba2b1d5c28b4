package dev.whence.lab.model;

import dev.whence.model.Model;

/** A model that is made here and owns its weights. */
public interface SmallModel extends Model, AutoCloseable {
  @Override
  void close();
}
