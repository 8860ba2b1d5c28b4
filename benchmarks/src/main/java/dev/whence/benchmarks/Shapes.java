package dev.whence.benchmarks;

import dev.whence.model.LanguageModel;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A GPT-2 of random weights and random tokens: the layers are GPT-2 small's.
 *
 * @param layers transformer blocks, of which the MLPs are tracked
 * @param positions of a sequence and of a query
 */
record Shapes(int layers, int width, int inner, int heads, int vocabulary, int positions) {
  private static final int SEED = 1;

  static Shapes gpt2Small(int layers, int positions) {
    return new Shapes(layers, 768, 3072, 12, 8192, positions);
  }

  /** Writes {@code model}, {@code corpus.jsonl} and {@code queries.jsonl} into a folder. */
  void write(Path folder, int sequences, int queries) throws IOException {
    Path model = Files.createDirectories(folder.resolve("model"));
    Path config = model.resolve(LanguageModel.CONFIG_FILE);
    Files.writeString(
        config,
        """
        {"model_type": "gpt2", "n_embd": %d, "n_inner": %d, "n_head": %d, "n_layer": %d,
         "vocab_size": %d, "n_positions": %d, "activation_function": "gelu_new",
         "layer_norm_epsilon": 1e-5, "tie_word_embeddings": true}
        """
            .formatted(width, inner, heads, layers, vocabulary, positions + 1));
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

  private String tokens(Random random, int count) {
    return random.ints(count, 0, vocabulary).boxed().toList().toString();
  }
}
