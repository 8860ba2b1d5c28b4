package dev.whence.model;

import dev.whence.model.SelfAttention.QueryKeyNorm;
import dev.whence.tensor.Tensor;

/**
 * OLMo 2 (OLMo team 2025): norms after attention and MLP instead of before, and on all queries and
 * keys.
 */
final class Olmo2 {
  private Olmo2() {}

  static Network build(Config config, Parts parts) {
    double epsilon = config.number("rms_norm_eps", 1e-5);
    return new Decoder(config, parts, epsilon, (_, name) -> block(config, parts, name, epsilon));
  }

  private static Decoder.Block block(Config config, Parts parts, String name, double epsilon) {
    int width = config.size("hidden_size");
    var shape = SelfAttention.Shape.of(config);
    boolean bias = config.flag("attention_bias", false);
    SelfAttention attention =
        SelfAttention.of(
            config,
            parts,
            name + ".self_attn",
            bias,
            bias,
            new QueryKeyNorm.AllHeads(
                parts.rmsNorm(
                    name + ".self_attn.q_norm", shape.heads() * shape.headSize(), epsilon),
                parts.rmsNorm(
                    name + ".self_attn.k_norm", shape.keyHeads() * shape.headSize(), epsilon)),
            CausalMask.UNLIMITED);
    Norm attentionNorm = parts.rmsNorm(name + ".post_attention_layernorm", width, epsilon);
    GatedMlp mlp = GatedMlp.of(config, parts, name + ".mlp");
    Norm mlpNorm = parts.rmsNorm(name + ".post_feedforward_layernorm", width, epsilon);
    return (x, rope, tap) -> {
      Tensor h = x.plus(attentionNorm.apply(attention.apply(x, rope, tap)));
      return h.plus(mlpNorm.apply(mlp.apply(h, tap)));
    };
  }
}
