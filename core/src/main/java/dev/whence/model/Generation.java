package dev.whence.model;

import dev.whence.corpus.Tokenizer;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/** Lets a model go on with a text. */
public final class Generation {
  /** What stands for half a character. */
  private static final String REPLACEMENT = "\uFFFD";

  private Generation() {}

  /**
   * The likeliest token, again and again, until one that ends a document, {@code most} tokens or
   * the end of the time. The whole text is read again for each token: this is for short texts.
   *
   * @return what comes after the prompt
   */
  public static String greedy(
      LanguageModel model, Tokenizer tokenizer, String prompt, int most, Duration time) {
    int[] start = tokenizer.encode(prompt, "").prompt();
    if (start.length == 0) {
      return "";
    }
    Instant end = Instant.now().plus(time);
    int[] tokens = start;
    while (tokens.length - start.length < most
        && tokens.length < model.maximumPositions()
        && Instant.now().isBefore(end)) {
      int next = likeliest(model, tokens);
      if (isSpecial(tokenizer, next)) {
        break;
      }
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = next;
    }
    return after(tokenizer.plainText(start), tokenizer.plainText(tokens));
  }

  private static boolean isSpecial(Tokenizer tokenizer, int token) {
    int[] alone = {token};
    return tokenizer.plainText(alone).isEmpty() && !tokenizer.decode(alone).isEmpty();
  }

  /** What a text has after its beginning, whole characters only. */
  private static String after(String beginning, String whole) {
    int same = 0;
    while (same < Math.min(beginning.length(), whole.length())
        && beginning.charAt(same) == whole.charAt(same)) {
      same++;
    }
    String rest = whole.substring(same);
    return rest.endsWith(REPLACEMENT) ? rest.substring(0, rest.length() - 1) : rest;
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
