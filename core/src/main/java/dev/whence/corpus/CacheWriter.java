package dev.whence.corpus;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Cuts tokenised documents into sequences and writes them to an empty cache folder. */
final class CacheWriter implements Closeable {
  private final Path folder;
  private final int sequenceLength;
  private final BinaryWriter tokens;
  private final BinaryWriter sequences;
  private final BinaryWriter documents;
  private long sequenceCount;
  private long documentCount;
  private long totalPositions;
  private int maximumLength;

  CacheWriter(Path folder, int sequenceLength) throws IOException {
    this.folder = folder;
    this.sequenceLength = sequenceLength;
    tokens = new BinaryWriter(folder, CacheLayout.TOKENS);
    sequences = new BinaryWriter(folder, CacheLayout.SEQUENCES);
    documents = new BinaryWriter(folder, CacheLayout.DOCUMENTS);
  }

  /**
   * Adds one document. A sequence has two tokens at least, so that it has something to predict: a
   * single token that is left over at a document's end is no sequence.
   */
  void add(String id, int[] ids) throws IOException {
    documentCount++;
    if (ids.length < 2) {
      return;
    }
    long documentStart = documents.position();
    byte[] name = id.getBytes(StandardCharsets.UTF_8);
    documents.putInt(name.length);
    documents.putBytes(name);
    int index = 0;
    for (int offset = 0; offset < ids.length - 1; index++) {
      int length = Math.min(sequenceLength, ids.length - offset);
      addSequence(documentStart, index, ids, offset, length);
      offset += length; // in the loop's body: offset + sequenceLength could overflow
    }
  }

  private void addSequence(long documentStart, int index, int[] ids, int offset, int length)
      throws IOException {
    sequences.putLong(tokens.position() / Integer.BYTES);
    sequences.putLong(documentStart);
    sequences.putInt(length);
    sequences.putInt(index);
    sequences.putInt(offset);
    for (int i = offset; i < offset + length; i++) {
      tokens.putInt(ids[i]);
    }
    sequenceCount++;
    totalPositions += length - 1;
    maximumLength = Math.max(maximumLength, length);
  }

  long sequences() {
    return sequenceCount;
  }

  /** Writes what is left and the manifest, and waits until all of it is on the disk. */
  CacheManifest finish(String hash, long malformed) throws IOException {
    var files = List.of(tokens.finish(), sequences.finish(), documents.finish());
    CacheManifest manifest =
        new CacheManifest(
                CacheManifest.FORMAT_VERSION,
                hash,
                sequenceCount,
                documentCount,
                malformed,
                totalPositions,
                maximumLength,
                files,
                "")
            .withChecksum();
    try (var json = new BinaryWriter(folder, CacheManifest.NAME)) {
      json.putBytes(manifest.json());
      json.finish();
    }
    syncFolder(folder);
    return manifest;
  }

  /** Puts a folder's entries on the disk, where the system has such a thing. */
  static void syncFolder(Path folder) {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException _) {
      // Windows opens no folders; there the rename alone has to do.
    }
  }

  @Override
  public void close() throws IOException {
    try (tokens;
        sequences;
        documents) {
      // Closes all three even if one fails.
    }
  }
}
