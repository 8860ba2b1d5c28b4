package dev.whence.model;

import dev.whence.corpus.Tokenizer;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.Arrays;

/** Lets a model go on with a text. */
public final class Generation {
  private Generation() {}

  /**
   * The likeliest token, again and again, until one that is no text (the end of a document) or
   * {@code most} tokens. The whole text is read again for each: this is for short texts.
   *
   * @return what comes after the prompt
   * @throws dev.whence.InvalidInputException when the prompt is not Unicode
   */
  public static String greedy(LanguageModel model, Tokenizer tokenizer, String prompt, int most) {
    int[] start = tokenizer.encode(prompt, "").prompt();
    if (start.length == 0) {
      return "";
    }
    int[] tokens = start;
    while (tokens.length - start.length < most && tokens.length < model.maximumPositions()) {
      int next = likeliest(model, tokens);
      if (tokenizer.plainText(new int[] {next}).isEmpty()) {
        break;
      }
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = next;
    }
    String whole = tokenizer.plainText(tokens);
    String before = tokenizer.plainText(start);
    return whole.startsWith(before) ? whole.substring(before.length()) : whole;
  }

  private static int likeliest(LanguageModel model, int[] tokens) {
    try (Scope _ = Scope.open()) {
      long[] ids = Arrays.stream(tokens).asLongStream().toArray();
      double[] logits = new double[model.vocabularySize()];
      Autograd.unrecorded(() -> {
        Tensor all = model.logits(Tensors.of(ids, 1, ids.length).to(model.device()), Tap.NONE);
        double[] last = all.select(0, 0).select(0, ids.length - 1).toDoubles();
        System.arraycopy(last, 0, logits, 0, Math.min(last.length, logits.length));
      });
      int best = 0;
      for (int token = 1; token < logits.length; token++) {
        if (logits[token] > logits[best]) {
          best = token;
        }
      }
      return best;
    }
  }
}
