package dev.whence.corpus;

import dev.whence.folder.Hashes;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** Writes a new little-endian file from start to end, hashing as it goes. */
final class BinaryWriter implements Closeable {
  private final String name;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
  private final MessageDigest digest = Hashes.sha256();
  private long flushed;

  BinaryWriter(Path folder, String name) throws IOException {
    this.name = name;
    channel =
        FileChannel.open(
            folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Bytes written so far. */
  long position() {
    return flushed + buffer.position();
  }

  void putInt(int value) throws IOException {
    reserve(Integer.BYTES);
    buffer.putInt(value);
  }

  void putLong(long value) throws IOException {
    reserve(Long.BYTES);
    buffer.putLong(value);
  }

  void putBytes(byte[] bytes) throws IOException {
    for (int at = 0; at < bytes.length; ) {
      reserve(1);
      int n = Math.min(buffer.remaining(), bytes.length - at);
      buffer.put(bytes, at, n);
      at += n;
    }
  }

  /** Puts everything on the disk. */
  CacheManifest.CacheFile finish() throws IOException {
    flush();
    channel.force(true);
    return new CacheManifest.CacheFile(name, flushed, Hashes.finish(digest));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void reserve(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
  }

  private void flush() throws IOException {
    buffer.flip();
    digest.update(buffer.duplicate());
    flushed += buffer.remaining();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }
}
