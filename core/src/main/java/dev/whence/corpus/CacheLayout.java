package dev.whence.corpus;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The cache's binary files, all little-endian and without padding. {@code tokens.bin}: int32 ids,
 * sequence after sequence. {@code documents.bin}: for each document that has a sequence, its id's
 * length in bytes as int32 and its id in UTF-8. {@code sequences.bin}: one record a sequence, of
 * the fields below.
 */
final class CacheLayout {
  static final String TOKENS = "tokens.bin";
  static final String SEQUENCES = "sequences.bin";
  static final String DOCUMENTS = "documents.bin";

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** int64: where its tokens start, counted in tokens. */
  static final int TOKEN_START = 0;

  /** int64: where its document's entry starts, in bytes. */
  static final int DOCUMENT_START = 8;

  /** int32. */
  static final int TOKEN_COUNT = 16;

  /** int32: its place among its document's sequences. */
  static final int SEQUENCE_INDEX = 20;

  /** int32: how many of its document's tokens come before it. */
  static final int TOKEN_OFFSET = 24;

  static final int RECORD_BYTES = 28;

  private CacheLayout() {}
}
