package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * Reads a corpus and tokenises it into a {@link CacheWriter}. Texts are encoded a batch at a time,
 * so that the tokenizer has work for every core; documents are written in file order whatever their
 * kind.
 */
final class CorpusBuilder implements DocumentSink {
  private static final int BATCH_DOCUMENTS = 2048;
  private static final int BATCH_CHARACTERS = 4 << 20;

  /**
   * What waits for its batch. Malformed lines wait too, so that the first few named are the first.
   */
  private sealed interface Pending {
    record Good(Document document, Origin origin) implements Pending {}

    record Bad(String reason, Origin origin) implements Pending {}
  }

  private final CorpusSource source;
  private final Tokenization tokenization;
  private final CacheWriter writer;
  private final Malformed malformed = new Malformed();
  private final List<Pending> pending = new ArrayList<>();
  private long pendingSize;

  CorpusBuilder(CorpusSource source, Tokenization tokenization, CacheWriter writer) {
    this.source = source;
    this.tokenization = tokenization;
    this.writer = writer;
  }

  /**
   * Reads every file of the key.
   *
   * @throws InvalidInputException if documents are malformed and not to be skipped, a file changed
   *     since the key was made, or there are no tokens at all
   * @throws IOException if the cache cannot be written
   */
  CacheManifest build(CorpusKey key, Progress progress) throws IOException {
    var reader = new DocumentReader(source);
    try (var stage = progress.begin("tokenising the corpus", key.bytes(), "bytes")) {
      for (int i = 0; i < key.files().size(); i++) {
        CorpusFile file = key.files().get(i);
        String hash = reader.read(file, this, stage);
        if (!hash.equals(key.fileHashes().get(i))) {
          throw new InvalidInputException(
              "The corpus file %s changed while it was read; run again once nothing writes to it"
                  .formatted(file.path()));
        }
      }
    }
    flush();
    if (!source.skipMalformed()) {
      malformed.refuse();
    }
    if (writer.sequences() == 0) {
      throw new InvalidInputException(
          "The corpus %s has no sequence of two tokens or more (%d malformed lines were skipped)"
              .formatted(source.files(), malformed.count()));
    }
    return writer.finish(key.hash(), malformed.count());
  }

  @Override
  public void document(Document document, Origin origin) throws IOException {
    pending.add(new Pending.Good(document, origin));
    pendingSize +=
        switch (document) {
          case Document.Text text -> text.text().length();
          case Document.Tokens tokens -> tokens.tokens().length;
        };
    flushIfFull();
  }

  @Override
  public void malformed(Origin origin, String reason) throws IOException {
    pending.add(new Pending.Bad(reason, origin));
    flushIfFull();
  }

  private void flushIfFull() throws IOException {
    if (pending.size() >= BATCH_DOCUMENTS || pendingSize >= BATCH_CHARACTERS) {
      flush();
    }
  }

  private void flush() throws IOException {
    Iterator<int[]> encoded = encodeTexts();
    for (Pending each : pending) {
      switch (each) {
        case Pending.Bad bad -> malformed.add(bad.origin(), bad.reason());
        case Pending.Good(Document.Text text, Origin origin) ->
            write(text.id(), encoded.next(), origin);
        case Pending.Good(Document.Tokens tokens, Origin origin) ->
            write(tokens.id(), tokens.tokens(), origin);
      }
    }
    pending.clear();
    pendingSize = 0;
  }

  /** The tokens of each waiting text, in order. */
  private Iterator<int[]> encodeTexts() {
    List<String> texts = new ArrayList<>();
    for (Pending each : pending) {
      if (each instanceof Pending.Good(Document.Text text, Origin origin)) {
        if (tokenization.tokenizer().isEmpty()) {
          throw new InvalidInputException(
              ("The corpus document at %s has text but the model folder has no tokenizer.json;"
                      + " add it, or give the documents as \"tokens\"")
                  .formatted(origin));
        }
        texts.add(text.text());
      }
    }
    return tokenization.tokenizer().map(t -> t.encodeAll(texts)).stream()
        .flatMap(Arrays::stream)
        .iterator();
  }

  private void write(String id, int[] tokens, Origin origin) throws IOException {
    for (int token : tokens) {
      if (token < 0 || token >= tokenization.vocabularySize()) {
        malformed.add(
            origin,
            "token id %d is outside the model's vocabulary of %d"
                .formatted(token, tokenization.vocabularySize()));
        return;
      }
    }
    writer.add(id, tokens);
  }
}
