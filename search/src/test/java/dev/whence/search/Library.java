package dev.whence.search;

import dev.whence.Json;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;

/** Corpora of tokens and of text, and their indexes. */
record Library(Path folder) {
  static final int VOCABULARY = 100_000;
  private static final int SEQUENCE_LENGTH = 64;

  /** A tokenizer that every module's tests have. */
  Tokenizer tokenizer() {
    try (InputStream json =
        Objects.requireNonNull(Library.class.getResourceAsStream("/tokenizer/tokenizer.json"))) {
      Path file = folder.resolve("tokenizer.json");
      Files.write(file, json.readAllBytes());
      return Tokenizer.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A document of each array of tokens, cut into sequences of 64. */
  Corpus tokens(String name, List<int[]> documents) {
    List<String> lines = new ArrayList<>();
    for (int[] document : documents) {
      lines.add(line(Map.of("id", "d" + lines.size(), "tokens", document)));
    }
    return open(name, lines, Optional.empty());
  }

  /** A document of each text. */
  Corpus texts(String name, Tokenizer tokenizer, List<String> documents) {
    List<String> lines = new ArrayList<>();
    for (String document : documents) {
      lines.add(line(Map.of("id", "d" + lines.size(), "text", document)));
    }
    return open(name, lines, Optional.of(tokenizer));
  }

  private static String line(Map<String, Object> document) {
    return Json.MAPPER.writeValueAsString(document).replace("\n", "");
  }

  private Corpus open(String name, List<String> lines, Optional<Tokenizer> tokenizer) {
    try {
      Path file = Files.write(folder.resolve(name + ".jsonl"), lines);
      return Corpus.open(
          CorpusSource.of(file),
          new Tokenization(tokenizer, SEQUENCE_LENGTH, VOCABULARY),
          folder.resolve("cache"),
          Progress.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An index of tokens, built with a merge after every few sequences, and opened. */
  SequenceIndex index(String name, Corpus corpus) {
    SequenceIndex.build(
        corpus,
        TermKind.TOKENS,
        Optional.empty(),
        folder.resolve(name),
        new IndexBuilder(7),
        Progress.NONE);
    return SequenceIndex.open(folder.resolve(name), corpus, Optional.empty());
  }

  /** Tokens of which the low ones are common, as words are. */
  static int[] zipf(Random random, int length, int vocabulary) {
    return random.doubles(length).mapToInt(u -> (int) Math.pow(vocabulary, u) - 1).toArray();
  }
}
