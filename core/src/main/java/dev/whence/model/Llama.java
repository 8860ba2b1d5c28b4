package dev.whence.model;

import dev.whence.model.SelfAttention.QueryKeyNorm;

/**
 * Llama 1 to 3 (Touvron et al. 2023): RMS norms, rotary positions, gated MLPs, grouped keys; also
 * SmolLM and TinyLlama.
 */
final class Llama {
  private Llama() {}

  static Network build(Config config, Parts parts) {
    int width = config.size("hidden_size");
    double epsilon = config.number("rms_norm_eps", 1e-6);
    boolean bias = config.flag("attention_bias", false);
    return new Decoder(
        config,
        parts,
        epsilon,
        (_, name) ->
            Decoder.preNorm(
                parts.rmsNorm(name + ".input_layernorm", width, epsilon),
                SelfAttention.of(
                    config,
                    parts,
                    name + ".self_attn",
                    bias,
                    bias,
                    new QueryKeyNorm.None(),
                    CausalMask.UNLIMITED),
                parts.rmsNorm(name + ".post_attention_layernorm", width, epsilon),
                GatedMlp.of(config, parts, name + ".mlp")));
  }
}
