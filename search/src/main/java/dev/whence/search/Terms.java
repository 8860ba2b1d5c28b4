package dev.whence.search;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Tokenizer;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.TermToBytesRefAttribute;
import org.apache.lucene.util.BytesRef;

/** Makes terms of tokens, in the same way for sequences and for queries. */
final class Terms implements AutoCloseable {
  static final String FIELD = "terms";

  private final Optional<Tokenizer> decoder;
  private final Analyzer analyzer = new StandardAnalyzer();

  private Terms(Optional<Tokenizer> decoder) {
    this.decoder = decoder;
  }

  /**
   * Makes terms of a kind.
   *
   * @param tokenizer decodes tokens into words; it stays the caller's
   * @throws InvalidInputException if words are wanted and there is no tokenizer
   */
  static Terms of(TermKind kind, Optional<Tokenizer> tokenizer) {
    return switch (kind) {
      case TOKENS -> new Terms(Optional.empty());
      case WORDS -> {
        if (tokenizer.isEmpty()) {
          throw new InvalidInputException(
              "words need a tokenizer.json beside the model; save it there, or index tokens");
        }
        yield new Terms(tokenizer);
      }
    };
  }

  /** The terms of some tokens, in order; the caller closes them. */
  TokenStream stream(int[] tokens) {
    return decoder
        .map(tokenizer -> analyzer.tokenStream(FIELD, tokenizer.plainText(tokens)))
        .orElseGet(() -> new TokenIds(tokens));
  }

  /** The distinct terms of some tokens and how often each occurs, in the order of their bytes. */
  Map<BytesRef, Integer> counts(int[] tokens) throws IOException {
    Map<BytesRef, Integer> counts = new TreeMap<>();
    try (TokenStream stream = stream(tokens)) {
      TermToBytesRefAttribute term = stream.getAttribute(TermToBytesRefAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        counts.merge(BytesRef.deepCopyOf(term.getBytesRef()), 1, Integer::sum);
      }
      stream.end();
    }
    return counts;
  }

  @Override
  public void close() {
    analyzer.close();
  }
}
