package dev.whence.model;

import dev.whence.model.Linear.Role;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-2 (Radford et al. 2019): learned positions, layer norm before each block, fused q, k and v.
 */
final class Gpt2 implements Network {
  private final Tensor tokenEmbedding;
  private final Tensor positionEmbedding;
  private final List<Block> blocks = new ArrayList<>();
  private final Norm finalNorm;
  private final Linear head;

  private Gpt2(Config config, Parts parts) {
    int width = config.size("n_embd");
    int vocabulary = config.size("vocab_size");
    double epsilon = config.number("layer_norm_epsilon", 1e-5);
    boolean tied = config.flag("tie_word_embeddings", true);
    tokenEmbedding = parts.embedding("transformer.wte", "lm_head", tied, vocabulary, width);
    positionEmbedding =
        parts.tensor("transformer.wpe.weight", config.size("n_positions", 1024), width);
    for (int i = 0; i < config.size("n_layer"); i++) {
      blocks.add(Block.of(config, parts, i, width, epsilon));
    }
    finalNorm = parts.layerNorm("transformer.ln_f", width, epsilon);
    head = parts.head("lm_head", tied, tokenEmbedding);
  }

  static Network build(Config config, Parts parts) {
    return new Gpt2(config, parts);
  }

  @Override
  public Tensor hidden(Tensor tokens, Tap tap) {
    Tensor x =
        tap.embedded(Functions.embedding(tokens, tokenEmbedding))
            .plus(positionEmbedding.narrow(0, 0, tokens.size(1)));
    for (Block block : blocks) {
      x = block.apply(x, tap);
    }
    return finalNorm.apply(x);
  }

  @Override
  public Linear head() {
    return head;
  }

  private record Block(
      Norm norm1,
      Linear qkv,
      Linear attentionOut,
      Norm norm2,
      Linear up,
      Activation activation,
      Linear down,
      int heads,
      CausalMask mask,
      double scale) {

    static Block of(Config config, Parts parts, int index, int width, double epsilon) {
      String name = "transformer.h." + index;
      int heads = config.size("n_head");
      if (width % heads != 0) {
        throw config.invalid("n_head", heads, "a divisor of n_embd, which is " + width);
      }
      int inner = config.size("n_inner", 4 * width);
      double scale =
          config.flag("scale_attn_weights", true) ? 1 / Math.sqrt((double) width / heads) : 1;
      return new Block(
          parts.layerNorm(name + ".ln_1", width, epsilon),
          parts.conv1d(name + ".attn.c_attn", Role.ATTENTION, width, 3 * width),
          parts.conv1d(name + ".attn.c_proj", Role.ATTENTION, width, width),
          parts.layerNorm(name + ".ln_2", width, epsilon),
          parts.conv1d(name + ".mlp.c_fc", Role.MLP, width, inner),
          Activation.of(config, "activation_function", "gelu_new"),
          parts.conv1d(name + ".mlp.c_proj", Role.MLP, inner, width),
          heads,
          parts.causalMask(CausalMask.UNLIMITED),
          config.flag("scale_attn_by_inverse_layer_idx", false) ? scale / (index + 1) : scale);
    }

    Tensor apply(Tensor x, Tap tap) {
      Tensor qkvs = qkv.apply(norm1.apply(x), tap); // [batch, positions, 3 * width]
      int width = (int) x.size(2);
      Tensor q = CausalAttention.heads(qkvs.narrow(2, 0, width), heads);
      Tensor k = CausalAttention.heads(qkvs.narrow(2, width, width), heads);
      Tensor v = CausalAttention.heads(qkvs.narrow(2, 2L * width, width), heads);
      Tensor mixed = CausalAttention.attend(q, k, v, scale, mask);
      Tensor h = x.plus(attentionOut.apply(mixed, tap));
      Tensor hidden = activation.apply(up.apply(norm2.apply(h), tap));
      return h.plus(down.apply(hidden, tap));
    }
  }
}
