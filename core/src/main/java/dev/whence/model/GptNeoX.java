package dev.whence.model;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-NeoX (Black et al. 2022) and Pythia (Biderman et al. 2023): rotary positions on part of each
 * head, q, k and v interleaved by head, attention and MLP side by side on the same residual (or one
 * after the other, when the config says so).
 */
final class GptNeoX implements Network {
  private final Tensor embedding;
  private final Rope rope;
  private final List<Block> blocks = new ArrayList<>();
  private final Norm finalNorm;
  private final Linear head;

  private GptNeoX(Config config, Parts parts) {
    int width = config.size("hidden_size");
    int heads = config.size("num_attention_heads");
    if (width % heads != 0) {
      throw config.invalid(
          "num_attention_heads", heads, "a divisor of hidden_size, which is " + width);
    }
    int vocabulary = config.size("vocab_size");
    double epsilon = config.number("layer_norm_eps", 1e-5);
    boolean tied = config.flag("tie_word_embeddings", false);
    embedding = parts.embedding("gpt_neox.embed_in", "embed_out", tied, vocabulary, width);
    rope =
        Rope.of(config, parts, width / heads, config.number("rotary_pct", 0.25), "rotary_emb_base");
    for (int i = 0; i < config.size("num_hidden_layers"); i++) {
      blocks.add(Block.of(config, parts, "gpt_neox.layers." + i, width, heads, epsilon));
    }
    finalNorm = parts.layerNorm("gpt_neox.final_layer_norm", width, epsilon);
    head = parts.head("embed_out", tied, embedding);
  }

  static Network build(Config config, Parts parts) {
    return new GptNeoX(config, parts);
  }

  @Override
  public Tensor hidden(Tensor tokens, Tap tap) {
    Tensor x = tap.embedded(Functions.embedding(tokens, embedding));
    Rope.Table table = rope.table((int) tokens.size(1));
    for (Block block : blocks) {
      x = block.apply(x, table, tap);
    }
    return finalNorm.apply(x);
  }

  @Override
  public Linear head() {
    return head;
  }

  private record Block(
      Norm inputNorm,
      Linear qkv,
      Linear dense,
      Norm mlpNorm,
      Linear up,
      Activation activation,
      Linear down,
      int heads,
      CausalMask mask,
      boolean parallel) {

    static Block of(Config config, Parts parts, String name, int width, int heads, double epsilon) {
      int inner = config.size("intermediate_size");
      boolean bias = config.flag("attention_bias", true);
      return new Block(
          parts.layerNorm(name + ".input_layernorm", width, epsilon),
          parts.linear(name + ".attention.query_key_value", Role.ATTENTION, width, 3 * width, bias),
          parts.linear(name + ".attention.dense", Role.ATTENTION, width, width, bias),
          parts.layerNorm(name + ".post_attention_layernorm", width, epsilon),
          parts.linear(name + ".mlp.dense_h_to_4h", Role.MLP, width, inner, true),
          Activation.of(config, "hidden_act", "gelu"),
          parts.linear(name + ".mlp.dense_4h_to_h", Role.MLP, inner, width, true),
          heads,
          parts.causalMask(CausalMask.UNLIMITED),
          config.flag("use_parallel_residual", true));
    }

    Tensor apply(Tensor x, Rope.Table rope, Tap tap) {
      Tensor attended = attend(inputNorm.apply(x), rope, tap);
      if (parallel) {
        return x.plus(attended).plus(mlp(mlpNorm.apply(x), tap));
      }
      Tensor h = x.plus(attended);
      return h.plus(mlp(mlpNorm.apply(h), tap));
    }

    private Tensor attend(Tensor x, Rope.Table rope, Tap tap) {
      int size = (int) x.size(2) / heads;
      Tensor qkvs = CausalAttention.heads(qkv.apply(x, tap), heads); // [.., positions, 3 * size]
      Tensor q = rope.turn(qkvs.narrow(3, 0, size));
      Tensor k = rope.turn(qkvs.narrow(3, size, size));
      Tensor v = qkvs.narrow(3, 2L * size, size);
      Tensor mixed = CausalAttention.attend(q, k, v, 1 / Math.sqrt(size), mask);
      return dense.apply(mixed, tap);
    }

    private Tensor mlp(Tensor x, Tap tap) {
      return down.apply(activation.apply(up.apply(x, tap)), tap);
    }
  }
}
