package dev.whence.corpus;

import dev.whence.Progress;
import dev.whence.folder.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * What a cached corpus was made from: the name of its cache folder, and each file's SHA-256 in
 * order. Contents count and times do not, so a file that is touched keeps its cache and one that is
 * edited loses it.
 */
record CorpusKey(String hash, List<CorpusFile> files, List<String> fileHashes) {
  static CorpusKey of(CorpusSource source, Tokenization tokenization, Progress progress) {
    List<CorpusFile> files = CorpusFile.in(source);
    List<String> hashes = new ArrayList<>();
    try (var stage = progress.begin("hashing the corpus", bytes(files), "bytes")) {
      for (CorpusFile file : files) {
        hashes.add(file.hash(stage));
      }
    }
    List<Object> parts = new ArrayList<>();
    parts.add(CacheManifest.FORMAT_VERSION);
    parts.add(tokenization.tokenizer().map(Tokenizer::hash).orElse("none"));
    parts.add(tokenization.sequenceLength());
    parts.add(tokenization.vocabularySize());
    parts.add(source.documentPerLine());
    parts.add(source.skipMalformed());
    parts.add(source.textColumn());
    parts.add(source.tokenColumn());
    for (int i = 0; i < files.size(); i++) {
      parts.add(files.get(i).name());
      parts.add(hashes.get(i));
    }
    return new CorpusKey(hash(parts), files, hashes);
  }

  /** Hashes each part with its length, so that no two lists of parts read the same. */
  private static String hash(List<Object> parts) {
    var text = new StringBuilder();
    for (Object part : parts) {
      String value = part.toString();
      text.append(value.length()).append(':').append(value);
    }
    return Hashes.of(text.toString());
  }

  /** The size of all the files, for progress alone. */
  long bytes() {
    return bytes(files);
  }

  private static long bytes(List<CorpusFile> files) {
    long bytes = 0;
    for (CorpusFile file : files) {
      try {
        bytes += Files.size(file.path());
      } catch (IOException _) {
        // Reading it will say what is wrong.
      }
    }
    return bytes;
  }
}
