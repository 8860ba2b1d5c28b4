package dev.whence.corpus;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import dev.whence.folder.Hashes;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A corpus file's bytes, decompressed, and the hash of the very bytes that were read: a file that
 * changes between its hashing and its reading cannot pass for what it was.
 */
final class CorpusStream extends InputStream {
  /** The base 2 logarithm of the largest window that zstd writes: {@code --long=31}. */
  private static final int LONGEST_WINDOW = 31;

  private final CorpusFile file;
  private final Hashing raw;
  private final InputStream decompressed;

  /**
   * Opens the file.
   *
   * @throws InvalidInputException if it cannot be read, here and from every read: an {@link
   *     IOException} would be taken for one of the cache that is being written
   */
  CorpusStream(CorpusFile file, Progress.Stage stage) throws IOException {
    this.file = file;
    GitLfs.requireContent(file.path());
    try {
      raw = new Hashing(Files.newInputStream(file.path()), stage);
    } catch (IOException e) {
      throw unreadable(e);
    }
    try {
      decompressed = decompress(new BufferedInputStream(raw, 1 << 20));
    } catch (RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private InputStream decompress(InputStream in) {
    try {
      return switch (file.format().compression()) {
        case NONE -> in;
        case GZIP -> new GZIPInputStream(in, 1 << 16);
        case ZSTANDARD -> new ZstdInputStream(in).setLongMax(LONGEST_WINDOW);
      };
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    try {
      return decompressed.read(bytes, offset, length);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** Reads what is left of the file itself and returns the SHA-256 of all its bytes. */
  String finish() throws IOException {
    raw.transferTo(OutputStream.nullOutputStream());
    return Hashes.finish(raw.digest);
  }

  @Override
  public void close() throws IOException {
    decompressed.close();
    raw.close();
  }

  private InvalidInputException unreadable(IOException e) {
    return switch (e) {
      case EOFException _, ZipException _, ZstdIOException _ ->
          new InvalidInputException(
              "The file %s is damaged or cut short (%s); fetch it again"
                  .formatted(
                      file.path(), e.getMessage() == null ? "it ends too early" : e.getMessage()),
              e);
      default -> AtomicFile.unreadable(file.path(), e);
    };
  }

  private static final class Hashing extends FilterInputStream {
    private final Progress.Stage stage;
    private final MessageDigest digest = Hashes.sha256();

    Hashing(InputStream in, Progress.Stage stage) {
      super(in);
      this.stage = stage;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n = super.read(bytes, offset, length);
      if (n > 0) {
        digest.update(bytes, offset, n);
        stage.advance(n);
      }
      return n;
    }

    @Override
    public long skip(long n) throws IOException {
      return readNBytes((int) Math.min(n, 1 << 16)).length; // skipped bytes must be hashed too
    }
  }
}
