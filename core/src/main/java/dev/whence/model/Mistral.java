package dev.whence.model;

import dev.whence.model.SelfAttention.QueryKeyNorm;

/** Mistral 7B (Jiang et al. 2023): Llama with attention that sees a sliding window. */
final class Mistral {
  private Mistral() {}

  static Network build(Config config, Parts parts) {
    int width = config.size("hidden_size");
    int window = config.size("sliding_window", CausalMask.UNLIMITED);
    double epsilon = config.number("rms_norm_eps", 1e-6);
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
                    false,
                    false,
                    new QueryKeyNorm.None(),
                    window),
                parts.rmsNorm(name + ".post_attention_layernorm", width, epsilon),
                GatedMlp.of(config, parts, name + ".mlp")));
  }
}
