package dev.whence.model;

import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Settings of a {@code config.json} that need not be read: they do not change the function, or do
 * not at the value that they have. What is neither read nor here is refused by name.
 */
final class HarmlessSettings {
  /** Names, training, generation, storage: whatever their value. */
  private static final Set<String> ANY_VALUE =
      Set.of(
          "architectures",
          "attention_dropout",
          "attention_probs_dropout_prob",
          "attn_implementation",
          "attn_pdrop",
          "auto_map",
          "bad_words_ids",
          "begin_suppress_tokens",
          "bos_token_id",
          "classifier_dropout",
          "classifier_dropout_prob",
          "cls_token_id",
          "custom_pipelines",
          "decoder_start_token_id",
          "diversity_penalty",
          "do_sample",
          "dtype",
          "early_stopping",
          "embd_pdrop",
          "embedding_dropout",
          "encoder_no_repeat_ngram_size",
          "eos_token_id",
          "exponential_decay_length_penalty",
          "finetuning_task",
          "forced_bos_token_id",
          "forced_eos_token_id",
          "gradient_checkpointing",
          "hidden_dropout",
          "hidden_dropout_prob",
          "id2label",
          "initializer_range",
          "is_llama_config",
          "label2id",
          "length_penalty",
          "mask_token_id",
          "max_length",
          "max_new_tokens",
          "max_sequence_length",
          "max_window_layers",
          "min_length",
          "model_max_length",
          "model_type",
          "n_ctx",
          "neftune_noise_alpha",
          "no_repeat_ngram_size",
          "num_beam_groups",
          "num_beams",
          "num_labels",
          "num_return_sequences",
          "output_attentions",
          "output_hidden_states",
          "output_past",
          "output_scores",
          "pad_token_id",
          "predict_special_tokens",
          "prefix",
          "pretraining_tp",
          "problem_type",
          "remove_invalid_values",
          "reorder_and_upcast_attn",
          "repetition_penalty",
          "resid_pdrop",
          "return_dict",
          "return_dict_in_generate",
          "sep_token_id",
          "sliding_window",
          "summary_activation",
          "summary_first_dropout",
          "summary_proj_to_labels",
          "summary_type",
          "summary_use_proj",
          "suppress_tokens",
          "task_specific_params",
          "temperature",
          "tf_legacy_loss",
          "tokenizer_class",
          "top_k",
          "top_p",
          "torch_dtype",
          "torchscript",
          "transformers.js_config",
          "transformers_version",
          "typical_p",
          "unk_token_id",
          "unsloth_fixed",
          "unsloth_version",
          "use_bfloat16",
          "use_cache",
          "use_return_dict",
          "use_sliding_window",
          "vocab_file");

  /** At these values alone: at others they would change the function. */
  private static final Map<String, Set<String>> AT_VALUES =
      Map.ofEntries(
          Map.entry("add_cross_attention", Set.of("false")),
          Map.entry("attention_bias", Set.of("false")),
          Map.entry("attention_multiplier", Set.of("1", "1.0")),
          Map.entry("chunk_size_feed_forward", Set.of("0")),
          Map.entry("cross_attention_hidden_size", Set.of()),
          Map.entry("embedding_multiplier", Set.of("1", "1.0")),
          Map.entry("is_decoder", Set.of("true", "false")),
          Map.entry("is_encoder_decoder", Set.of("false")),
          Map.entry("logits_scaling", Set.of("1", "1.0")),
          Map.entry("mlp_bias", Set.of("false")),
          Map.entry("norm_after", Set.of("false")),
          Map.entry("pruned_heads", Set.of("{}")),
          Map.entry("qk_layernorm", Set.of("false")),
          Map.entry("residual_multiplier", Set.of("1", "1.0")),
          Map.entry("rope_interleaved", Set.of("false")),
          Map.entry("tie_encoder_decoder", Set.of("false")),
          Map.entry("use_mrope", Set.of("false")),
          Map.entry("use_qk_norm", Set.of("false")));

  private HarmlessSettings() {}

  /** Whether a setting that nothing reads may be there with a value; null never says anything. */
  static boolean allow(String name, JsonNode value) {
    return value.isNull()
        || name.startsWith("_") // what transformers notes for itself, such as _name_or_path
        || ANY_VALUE.contains(name)
        || AT_VALUES.getOrDefault(name, Set.of()).contains(value.toString());
  }
}
