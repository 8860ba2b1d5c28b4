package dev.whence.model;

import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The frame that Llama and its descendants share: embedding, blocks on a residual stream, norm,
 * head.
 */
final class Decoder implements Network {
  /** One block: attention and MLP, and where their norms stand. */
  @FunctionalInterface
  interface Block {
    Tensor apply(Tensor x, Rope.Table rope, Tap tap);
  }

  /** Makes the block of an index, whose parameters' names begin with {@code name}. */
  @FunctionalInterface
  interface BlockMaker {
    Block block(int index, String name);
  }

  /** Whose windows the blocks see to; others, such as linear attention, are no softmax. */
  private static final Set<String> LAYER_TYPES = Set.of("full_attention", "sliding_attention");

  private final Tensor embedding;
  private final Rope rope;
  private final List<Block> blocks = new ArrayList<>();
  private final Norm finalNorm;
  private final Linear head;

  Decoder(Config config, Parts parts, double epsilon, BlockMaker maker) {
    int width = config.size("hidden_size");
    int vocabulary = config.size("vocab_size");
    boolean tied = config.flag("tie_word_embeddings", false);
    embedding = parts.embedding("model.embed_tokens", "lm_head", tied, vocabulary, width);
    rope = Rope.of(config, parts, SelfAttention.Shape.of(config).headSize(), 1, "rope_theta");
    for (int i = 0; i < config.size("num_hidden_layers"); i++) {
      blocks.add(maker.block(i, "model.layers." + i));
      config.layerType(i, LAYER_TYPES);
    }
    finalNorm = parts.rmsNorm("model.norm", width, epsilon);
    head = parts.head("lm_head", tied, embedding);
  }

  /** A block whose norms stand before attention and MLP, as Llama's do. */
  static Block preNorm(Norm attentionNorm, SelfAttention attention, Norm mlpNorm, GatedMlp mlp) {
    return (x, rope, tap) -> {
      Tensor h = x.plus(attention.apply(attentionNorm.apply(x), rope, tap));
      return h.plus(mlp.apply(mlpNorm.apply(h), tap));
    };
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
}
