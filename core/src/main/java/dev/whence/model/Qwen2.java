package dev.whence.model;

import dev.whence.model.SelfAttention.QueryKeyNorm;
import java.util.Set;

/**
 * Qwen2 and 2.5 (Yang et al. 2024): Llama with biases on q, k and v, and a window in the later
 * layers on request.
 */
final class Qwen2 {
  private Qwen2() {}

  static Network build(Config config, Parts parts) {
    int width = config.size("hidden_size");
    double epsilon = config.number("rms_norm_eps", 1e-6);
    return new Decoder(
        config,
        parts,
        epsilon,
        (index, name) ->
            Decoder.preNorm(
                parts.rmsNorm(name + ".input_layernorm", width, epsilon),
                SelfAttention.of(
                    config,
                    parts,
                    name + ".self_attn",
                    true,
                    false,
                    new QueryKeyNorm.None(),
                    window(config, index)),
                parts.rmsNorm(name + ".post_attention_layernorm", width, epsilon),
                GatedMlp.of(config, parts, name + ".mlp")));
  }

  /**
   * The window of a layer: newer configs list the layers' types, older ones name the first layer
   * that has one.
   */
  static int window(Config config, int layer) {
    boolean windowed =
        config
            .layerType(layer, Set.of("full_attention", "sliding_attention"))
            .map(type -> type.equals("sliding_attention"))
            .orElseGet(() ->
                config.flag("use_sliding_window", false)
                    && layer >= config.number("max_window_layers", 28));
    return windowed ? config.size("sliding_window", 4096) : CausalMask.UNLIMITED;
  }
}
