package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.folder.AtomicFile;
import dev.whence.index.InfluenceIndexManifest.Shard;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** The files of an index's shards. */
final class Shards {
  /** Sequences of a shard, except the last of a corpus. */
  static final int SEQUENCES = 32_768;

  private static final long PIECE = 1 << 30;

  private Shards() {}

  static String name(int number) {
    return "shard-%05d".formatted(number);
  }

  /** The positions' records. */
  static Path codes(Path folder, String shard) {
    return folder.resolve(shard + ".codes");
  }

  /** The sequences' norms. */
  static Path norms(Path folder, String shard) {
    return folder.resolve(shard + ".norms");
  }

  /** The checksum of a whole file. */
  static String crc32c(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      return crc32c(map(file, arena));
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  private static String crc32c(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += PIECE) {
      checksum.update(bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at)).asByteBuffer());
    }
    return "%08x".formatted(checksum.getValue());
  }

  /**
   * Maps the records of a shard, after checking that they are as they were written.
   *
   * @throws InvalidInputException naming the file that is missing or damaged
   */
  static MemorySegment codes(Path folder, Shard shard, int recordBytes, Arena arena) {
    return verified(
        codes(folder, shard.name()), shard.positions() * recordBytes, shard.codesCrc32c(), arena);
  }

  /** Maps the norms of a shard, as {@link #codes(Path, Shard, int, Arena)}. */
  static MemorySegment norms(Path folder, Shard shard, Arena arena) {
    return verified(
        norms(folder, shard.name()), shard.sequences() * Float.BYTES, shard.normsCrc32c(), arena);
  }

  private static MemorySegment verified(Path file, long bytes, String crc32c, Arena arena) {
    try {
      if (Files.isRegularFile(file) && Files.size(file) == bytes) {
        MemorySegment mapped = map(file, arena);
        if (crc32c(mapped).equals(crc32c)) {
          return mapped;
        }
      }
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
    throw new InvalidInputException(
        file
            + " is missing or was changed since it was written; build the index again with 'whence"
            + " index build --force'");
  }

  private static MemorySegment map(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }
}
