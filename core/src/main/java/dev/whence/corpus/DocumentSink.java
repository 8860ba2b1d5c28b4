package dev.whence.corpus;

import java.io.IOException;

/** What a reader hands its documents to, one at a time and in file order. */
interface DocumentSink {
  /**
   * Takes a well-formed document.
   *
   * @throws IOException if what the sink writes to fails
   */
  void document(Document document, Origin origin) throws IOException;

  /**
   * Notes that the document at {@code origin} cannot be read; the reader carries on after it.
   *
   * @throws IOException if what the sink writes to fails
   */
  void malformed(Origin origin, String reason) throws IOException;
}
