package dev.whence.lab.evaluation;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Tokenization;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.Folders;
import dev.whence.lab.data.TokenSequences;
import dev.whence.lab.retraining.LanguageRecipe;
import dev.whence.search.Bm25;
import dev.whence.search.SequenceIndex;
import dev.whence.search.TermKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** BM25 between sequences of tokens in memory. */
public final class LexicalScores {
  private LexicalScores() {}

  /** Scores a recipe's training sequences for each of its queries. */
  public static double[][] of(LanguageRecipe recipe, Bm25 kind) {
    return of(recipe.training(), recipe.queries(), kind);
  }

  /**
   * Scores training sequences, by an index in a folder that is deleted again.
   *
   * @return [queries][training], 0 where no token is shared
   */
  public static double[][] of(TokenSequences training, TokenSequences queries, Bm25 kind) {
    double[][] scores = new double[(int) queries.size()][(int) training.size()];
    try {
      Path folder = Files.createTempDirectory("whence-bm25");
      try (Corpus corpus = corpus(training, folder);
          SequenceIndex index =
              SequenceIndex.cached(
                  corpus, TermKind.TOKENS, Optional.empty(), folder, Progress.NONE)) {
        for (int q = 0; q < scores.length; q++) {
          for (SequenceIndex.Match match :
              index.best(queries.tokens().get(q), kind, scores[q].length)) {
            scores[q][(int) match.place()] = match.score();
          }
        }
      } finally {
        Folders.delete(folder);
      }
    } catch (IOException e) {
      throw AtomicFile.failed("write to", Path.of(System.getProperty("java.io.tmpdir")), e);
    }
    return scores;
  }

  private static Corpus corpus(TokenSequences training, Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    int longest = 2;
    int largest = 0;
    for (int[] tokens : training.tokens()) {
      lines.add("{\"tokens\": " + Arrays.toString(tokens) + "}");
      longest = Math.max(longest, tokens.length);
      for (int token : tokens) {
        largest = Math.max(largest, token);
      }
    }
    Path file = Files.write(folder.resolve("sequences.jsonl"), lines);
    return Corpus.open(
        CorpusSource.of(file),
        new Tokenization(Optional.empty(), longest, largest + 1),
        folder,
        Progress.NONE);
  }
}
