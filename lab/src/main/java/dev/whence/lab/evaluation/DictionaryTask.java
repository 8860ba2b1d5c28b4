package dev.whence.lab.evaluation;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Tokenizer;
import dev.whence.lab.data.TokenSequences;
import dev.whence.lab.dictionary.WordNet;
import dev.whence.lab.retraining.LanguageRecipe;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A part of the dictionary to train a small language model on, and other entries as queries. */
public final class DictionaryTask {
  /** Entries are cut off here; few are longer. */
  private static final int MOST_TOKENS = 64;

  private DictionaryTask() {}

  /**
   * Draws entries.
   *
   * @param config of the model
   * @param type of the model's weights
   * @param entries to train on
   * @param measurements entries that are held out as queries, each measured by the log-likelihood
   *     of its gloss given its words
   * @param epochs of training
   */
  public static LanguageRecipe recipe(
      Path config,
      DType type,
      Tokenizer tokenizer,
      int entries,
      int measurements,
      int epochs,
      long seed) {
    List<WordNet.Synset> all = new ArrayList<>();
    WordNet.forEach(all::add);
    if ((long) entries + measurements > all.size()) {
      throw new InvalidInputException(
          "--entries is %,d and --measurements %,d but the dictionary has %,d entries for both"
              .formatted(entries, measurements, all.size()));
    }
    Collections.shuffle(all, new Random(seed));
    List<int[]> training = new ArrayList<>();
    for (WordNet.Synset synset : all.subList(measurements, measurements + entries)) {
      training.add(cut(tokenizer.encode(synset.text())));
    }
    List<int[]> queries = new ArrayList<>();
    List<Integer> firstScored = new ArrayList<>();
    for (WordNet.Synset synset : all.subList(0, measurements)) {
      Tokenizer.Completion query = tokenizer.encode(synset.prompt(), synset.completion());
      queries.add(cut(concat(query.prompt(), query.completion())));
      firstScored.add(Math.max(1, query.prompt().length));
    }
    return new LanguageRecipe(
        config,
        type,
        "dictionary, %d entries by seed %d".formatted(entries, seed),
        TokenSequences.whole(training, Device.CPU),
        new TokenSequences(queries, firstScored, Device.CPU),
        epochs,
        16,
        3e-3);
  }

  private static int[] cut(int[] tokens) {
    return Arrays.copyOf(tokens, Math.min(tokens.length, MOST_TOKENS));
  }

  private static int[] concat(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
