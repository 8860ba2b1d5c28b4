package dev.whence.index;

import dev.whence.corpus.Corpus;
import dev.whence.folder.AtomicFile;
import dev.whence.index.InfluenceIndexManifest.Shard;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a corpus's records into shards, each sequence's at its place whatever the order in which
 * they come: what a killed build wrote after its last checkpoint is written again, with the same
 * bytes.
 */
final class ShardWriter implements AutoCloseable {
  private final Path folder;
  private final Corpus corpus;
  private final int recordBytes;
  private final int firstShard;
  private final int shardSequences;
  private final Map<Integer, Open> open = new HashMap<>();

  /**
   * A shard that is being written.
   *
   * @param starts where each sequence's positions begin, and after them the number of positions
   */
  private record Open(FileChannel codes, FileChannel norms, long[] starts) {}

  /**
   * A writer.
   *
   * @param firstShard the number of the corpus's first shard
   * @param shardSequences how many sequences a shard holds
   */
  ShardWriter(Path folder, Corpus corpus, int recordBytes, int firstShard, int shardSequences) {
    this.folder = folder;
    this.corpus = corpus;
    this.recordBytes = recordBytes;
    this.firstShard = firstShard;
    this.shardSequences = shardSequences;
  }

  /**
   * Writes a sequence.
   *
   * @param place in the corpus
   * @param records of all its positions
   * @param norm of its half-whitened gradient
   */
  void write(long place, MemorySegment records, float norm) {
    int shard = (int) (place / shardSequences);
    int within = (int) (place % shardSequences);
    Path file = Shards.codes(folder, name(shard));
    try {
      Open files = open.containsKey(shard) ? open.get(shard) : open(shard);
      long positions = files.starts[within + 1] - files.starts[within];
      if (records.byteSize() != positions * recordBytes) {
        throw new IllegalArgumentException(
            "%d bytes for %d positions".formatted(records.byteSize(), positions));
      }
      write(files.codes, records, files.starts[within] * recordBytes);
      MemorySegment one = MemorySegment.ofArray(new byte[Float.BYTES]);
      one.set(InfluenceIndex.FLOAT, 0, norm);
      write(files.norms, one, (long) within * Float.BYTES);
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }

  private static void write(FileChannel channel, MemorySegment bytes, long at) throws IOException {
    var buffer = bytes.asByteBuffer();
    while (buffer.hasRemaining()) {
      channel.write(buffer, at + buffer.position());
    }
  }

  private Open open(int shard) throws IOException {
    long first = (long) shard * shardSequences;
    int count = sequences(shard);
    long[] starts = new long[count + 1];
    for (int i = 0; i < count; i++) {
      starts[i + 1] = starts[i] + InfluenceIndex.positions(corpus, first + i);
    }
    Open files =
        new Open(
            channel(Shards.codes(folder, name(shard))),
            channel(Shards.norms(folder, name(shard))),
            starts);
    open.put(shard, files);
    return files;
  }

  private static FileChannel channel(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private String name(int shard) {
    return Shards.name(firstShard + shard);
  }

  private int sequences(int shard) {
    long first = (long) shard * shardSequences;
    return (int) Math.min(shardSequences, corpus.size() - first);
  }

  /** Brings all that was written to the disk, before a checkpoint says that it is there. */
  void flush() {
    open.forEach((shard, files) -> {
      try {
        files.codes.force(false);
        files.norms.force(false);
      } catch (IOException e) {
        throw AtomicFile.failed("write", Shards.codes(folder, name(shard)), e);
      }
    });
  }

  /** Closes the shards that end before a place: nothing more is written to them. */
  void closeBefore(long place) {
    for (int shard : List.copyOf(open.keySet())) {
      if ((long) (shard + 1) * shardSequences <= place) {
        close(shard);
      }
    }
  }

  private void close(int shard) {
    Open files = open.remove(shard);
    if (files != null) {
      try (files.codes;
          files.norms) {
        files.codes.force(false);
        files.norms.force(false);
      } catch (IOException e) {
        throw AtomicFile.failed("write", Shards.codes(folder, name(shard)), e);
      }
    }
  }

  /** What all shards hold, once every sequence was written. */
  List<Shard> finish() {
    List<Shard> shards = new ArrayList<>();
    close();
    for (int shard = 0; (long) shard * shardSequences < corpus.size(); shard++) {
      Path codes = Shards.codes(folder, name(shard));
      Path norms = Shards.norms(folder, name(shard));
      try {
        shards.add(
            new Shard(
                name(shard),
                sequences(shard),
                Files.size(codes) / recordBytes,
                Shards.crc32c(codes),
                Shards.crc32c(norms)));
      } catch (IOException e) {
        throw AtomicFile.unreadable(codes, e);
      }
    }
    return shards;
  }

  @Override
  public void close() {
    List.copyOf(open.keySet()).forEach(this::close);
  }
}
