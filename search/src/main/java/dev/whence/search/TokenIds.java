package dev.whence.search;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.BytesTermAttribute;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.NumericUtils;

/** Token ids as Lucene's terms, each of four bytes. */
final class TokenIds extends TokenStream {
  private final BytesTermAttribute term = addAttribute(BytesTermAttribute.class);
  private final int[] tokens;
  private int next;

  TokenIds(int[] tokens) {
    this.tokens = tokens;
  }

  @Override
  public boolean incrementToken() {
    clearAttributes();
    if (next == tokens.length) {
      return false;
    }
    byte[] bytes = new byte[Integer.BYTES];
    NumericUtils.intToSortableBytes(tokens[next], bytes, 0);
    term.setBytesRef(new BytesRef(bytes));
    next++;
    return true;
  }

  @Override
  public void reset() {
    next = 0;
  }
}
