package dev.whence.model;

import dev.whence.model.SelfAttention.QueryKeyNorm;

/**
 * Qwen3 (Yang et al. 2025): Qwen2 without biases, with an RMS norm on each head's queries and keys.
 */
final class Qwen3 {
  private Qwen3() {}

  static Network build(Config config, Parts parts) {
    int width = config.size("hidden_size");
    int headSize = SelfAttention.Shape.of(config).headSize();
    double epsilon = config.number("rms_norm_eps", 1e-6);
    boolean bias = config.flag("attention_bias", false);
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
                    bias,
                    bias,
                    new QueryKeyNorm.PerHead(
                        parts.rmsNorm(name + ".self_attn.q_norm", headSize, epsilon),
                        parts.rmsNorm(name + ".self_attn.k_norm", headSize, epsilon)),
                    Qwen2.window(config, index)),
                parts.rmsNorm(name + ".post_attention_layernorm", width, epsilon),
                GatedMlp.of(config, parts, name + ".mlp")));
  }
}
