package dev.whence.benchmarks;

import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A model of random weights and random tokens.
 *
 * @param layers transformer blocks, of which the MLPs are tracked
 * @param keyHeads heads of attention's keys and values
 * @param positions of a sequence and of a query
 */
record Shapes(
    Family family,
    int layers,
    int width,
    int inner,
    int heads,
    int keyHeads,
    int vocabulary,
    int positions) {
  private static final int SEED = 1;

  /** How a block is built. */
  enum Family {
    /** Two matrices in an MLP, biases. */
    GPT2,
    /** Three matrices in a gated MLP, two of which read the same. */
    QWEN2
  }

  /** The layers are GPT-2 small's, the vocabulary is not. */
  static Shapes gpt2Small(int layers, int positions) {
    return new Shapes(Family.GPT2, layers, 768, 3072, 12, 12, 8192, positions);
  }

  /** GPT-2 small. */
  static Shapes gpt2(int positions) {
    return new Shapes(Family.GPT2, 12, 768, 3072, 12, 12, 50_257, positions);
  }

  /** Qwen2.5-0.5B. */
  static Shapes qwenHalfBillion(int positions) {
    return new Shapes(Family.QWEN2, 24, 896, 4864, 14, 2, 151_936, positions);
  }

  /** So many of the 36 layers of Qwen2.5-3B. */
  static Shapes qwenThreeBillion(int layers, int positions) {
    return new Shapes(Family.QWEN2, layers, 2048, 11_008, 16, 2, 151_936, positions);
  }

  /** The same kind of model, small enough to try a script with. */
  Shapes small() {
    return new Shapes(family, 2, 64, 192, 4, family == Family.GPT2 ? 4 : 2, 512, 32);
  }

  /** Matrices of an MLP. */
  int matrices() {
    return family == Family.GPT2 ? 2 : 3;
  }

  /** Writes {@code model}, {@code corpus.jsonl} and {@code queries.jsonl} into a folder. */
  void write(Path folder, int sequences, int queries) throws IOException {
    Path model = Files.createDirectories(folder.resolve("model"));
    Path config = model.resolve(LanguageModel.CONFIG_FILE);
    Files.writeString(config, config());
    try (LanguageModel random = LanguageModel.random(config, SEED, DType.FLOAT32, Device.CPU)) {
      random.saveWeights(model);
    }
    Random random = new Random(SEED);
    StringBuilder corpus = new StringBuilder();
    for (int i = 0; i < sequences; i++) {
      corpus.append("{\"tokens\": ").append(tokens(random, positions + 1)).append("}\n");
    }
    Files.writeString(folder.resolve("corpus.jsonl"), corpus);
    StringBuilder lines = new StringBuilder();
    for (int q = 0; q < queries; q++) {
      lines.append(
          "{\"id\": \"q%d\", \"prompt_tokens\": %s, \"completion_tokens\": %s}\n"
              .formatted(q, tokens(random, 1), tokens(random, positions)));
    }
    Files.writeString(folder.resolve("queries.jsonl"), lines);
  }

  private String config() {
    return switch (family) {
      case GPT2 ->
          """
          {"model_type": "gpt2", "n_embd": %d, "n_inner": %d, "n_head": %d, "n_layer": %d,
           "vocab_size": %d, "n_positions": %d, "activation_function": "gelu_new",
           "layer_norm_epsilon": 1e-5, "tie_word_embeddings": true}
          """
              .formatted(width, inner, heads, layers, vocabulary, positions + 1);
      case QWEN2 ->
          """
          {"model_type": "qwen2", "hidden_size": %d, "intermediate_size": %d,
           "num_attention_heads": %d, "num_key_value_heads": %d, "num_hidden_layers": %d,
           "vocab_size": %d, "max_position_embeddings": 32768, "hidden_act": "silu",
           "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "tie_word_embeddings": true}
          """
              .formatted(width, inner, heads, keyHeads, layers, vocabulary);
    };
  }

  private String tokens(Random random, int count) {
    return random.ints(count, 0, vocabulary).boxed().toList().toString();
  }
}
