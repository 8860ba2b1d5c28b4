package dev.whence.model;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.Tensor;

/**
 * Rotary attention as Llama has it, with what its descendants add: biases, norms on q and k, a
 * window.
 */
record SelfAttention(
    Linear q, Linear k, Linear v, Linear out, QueryKeyNorm norm, Shape shape, CausalMask mask) {

  /** Sizes of the heads. */
  record Shape(int heads, int keyHeads, int headSize) {
    static Shape of(Config config) {
      int heads = config.size("num_attention_heads");
      int keyHeads = config.size("num_key_value_heads", heads);
      if (heads % keyHeads != 0) {
        throw config.invalid(
            "num_key_value_heads", keyHeads, "a divisor of num_attention_heads, which is " + heads);
      }
      return new Shape(
          heads, keyHeads, config.size("head_dim", config.size("hidden_size") / heads));
    }
  }

  /** Where queries and keys are normalised, if at all. */
  sealed interface QueryKeyNorm {
    record None() implements QueryKeyNorm {}

    /** Over each head alone, after the split into heads. */
    record PerHead(Norm query, Norm key) implements QueryKeyNorm {}

    /** Over all heads together, before the split. */
    record AllHeads(Norm query, Norm key) implements QueryKeyNorm {}
  }

  static SelfAttention of(
      Config config,
      Parts parts,
      String name,
      boolean inputBias,
      boolean outputBias,
      QueryKeyNorm norm,
      int window) {
    int width = config.size("hidden_size");
    Shape shape = Shape.of(config);
    int queries = shape.heads * shape.headSize;
    int keys = shape.keyHeads * shape.headSize;
    return new SelfAttention(
        parts.linear(name + ".q_proj", Role.ATTENTION, width, queries, inputBias),
        parts.linear(name + ".k_proj", Role.ATTENTION, width, keys, inputBias),
        parts.linear(name + ".v_proj", Role.ATTENTION, width, keys, inputBias),
        parts.linear(name + ".o_proj", Role.ATTENTION, queries, width, outputBias),
        norm,
        shape,
        parts.causalMask(window));
  }

  Tensor apply(Tensor x, Rope.Table rope, Tap tap) {
    Tensor queries = q.apply(x, tap);
    Tensor keys = k.apply(x, tap);
    if (norm instanceof QueryKeyNorm.AllHeads all) {
      queries = all.query.apply(queries);
      keys = all.key.apply(keys);
    }
    queries = CausalAttention.heads(queries, shape.heads);
    keys = CausalAttention.heads(keys, shape.keyHeads);
    if (norm instanceof QueryKeyNorm.PerHead head) {
      queries = head.query.apply(queries);
      keys = head.key.apply(keys);
    }
    Tensor values = CausalAttention.heads(v.apply(x, tap), shape.keyHeads);
    Tensor mixed =
        CausalAttention.attend(
            rope.turn(queries), rope.turn(keys), values, 1 / Math.sqrt(shape.headSize), mask);
    return out.apply(mixed, tap);
  }
}
