package dev.whence.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the head's and the embedding's weights come from, whatever a checkpoint's shape. */
class TiedHeadTest {
  private static final int[] TOKENS = ModelFolder.tokens(4, 10);

  @TempDir private Path temporary;

  @ParameterizedTest
  @CsvSource({
    "llama, model.embed_tokens, lm_head",
    "gpt2, transformer.wte, lm_head",
    "gpt_neox, gpt_neox.embed_in, embed_out"
  })
  void aTiedPairIsReadUnderEitherNameAndAHeadOfItsOwnIsKept(
      String family, String embedding, String head) {
    ModelFolder folder = ModelFolder.copyOf(family, temporary.resolve("m"));
    folder.configure(c -> c.put("tie_word_embeddings", true));
    folder.reweigh(tensors -> without(tensors, head + ".weight"));
    double[] tied = folder.logits(TOKENS);

    folder.reweigh(tensors -> with(tensors, head, of(tensors, embedding)));
    assertThat(folder.logits(TOKENS)).as("stored twice").isEqualTo(tied);
    try (LanguageModel model = folder.load(DType.FLOAT32)) {
      assertThat(model.linear(head).orElseThrow().isTied()).isTrue();
      assertThat(model.parameters()).as("no copy to train").doesNotContainKey(head + ".weight");
    }

    folder.reweigh(tensors -> without(tensors, embedding + ".weight"));
    assertThat(folder.logits(TOKENS)).as("stored as the head alone").isEqualTo(tied);

    folder.reweigh(tensors ->
        with(with(tensors, embedding, of(tensors, head)), head, of(tensors, head).times(2)));
    double[] own = folder.logits(TOKENS);
    for (int i = 0; i < own.length; i++) {
      assertThat(own[i]).as("a head of its own").isEqualTo(2 * tied[i]);
    }
    try (LanguageModel model = folder.load(DType.FLOAT32)) {
      assertThat(model.linear(head).orElseThrow().isTied()).isFalse();
    }
  }

  /** An influence would see one of a tied weight's two uses. */
  @Test
  void aTiedHeadCannotBeTracked() {
    ModelFolder folder = ModelFolder.copyOf("gpt2", temporary.resolve("m"));
    try (LanguageModel model = folder.load(DType.FLOAT32)) {
      assertThatThrownBy(() -> new LayerSelection("lm_head|.*c_fc").of(model))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("matches lm_head, whose weight is the embedding's too");
    }
  }

  private static Tensor of(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name + ".weight"));
  }

  private static Map<String, Tensor> without(Map<String, Tensor> tensors, String name) {
    Map<String, Tensor> rest = new LinkedHashMap<>(tensors);
    rest.remove(name);
    return rest;
  }

  private static Map<String, Tensor> with(Map<String, Tensor> tensors, String name, Tensor value) {
    Map<String, Tensor> more = new LinkedHashMap<>(tensors);
    more.put(name + ".weight", value);
    return more;
  }
}
