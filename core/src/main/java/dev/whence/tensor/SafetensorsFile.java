package dev.whence.tensor;

import dev.whence.InvalidInputException;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;

/** A safetensors file, memory-mapped: opening it reads the header alone. */
public final class SafetensorsFile implements AutoCloseable {
  private static final long PIECE = 1 << 30;

  private final Path file;
  private final SafetensorsHeader header;
  private final Arena arena;
  private final MemorySegment data;

  private SafetensorsFile(Path file, SafetensorsHeader header, Arena arena, MemorySegment data) {
    this.file = file;
    this.header = header;
    this.arena = arena;
    this.data = data;
  }

  /**
   * Maps a file after checking its header.
   *
   * @throws InvalidInputException when there is no such file, or it is truncated, inconsistent or
   *     hostile
   */
  @SuppressWarnings("MustBeClosedChecker") // the new object owns the arena, and closes it
  public static SafetensorsFile open(Path file) {
    GitLfs.requireContent(file);
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      SafetensorsHeader header = SafetensorsHeader.read(file, channel);
      MemorySegment data =
          channel.map(FileChannel.MapMode.READ_ONLY, header.dataStart(), header.dataBytes(), arena);
      return new SafetensorsFile(file, header, arena, data);
    } catch (NoSuchFileException e) {
      arena.close();
      throw new InvalidInputException(file + " does not exist", e);
    } catch (IOException e) {
      arena.close();
      throw AtomicFile.unreadable(file, e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  public Path file() {
    return file;
  }

  /** The tensors' names, in the header's order. */
  public Set<String> names() {
    return header.entries().keySet();
  }

  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * The type of a tensor that is there.
   *
   * @throws InvalidInputException when Whence does not read it
   */
  public DType type(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    return entry
        .type()
        .orElseThrow(() ->
            new InvalidInputException(
                "%s has tensor '%s' of dtype %s, which Whence does not read"
                    .formatted(file, name, entry.typeName())));
  }

  /** The shape of a tensor that is there. */
  public long[] shape(String name) {
    return entry(name).shape().clone();
  }

  /**
   * A tensor's values, copied out of the file, so that a file which changes later changes nothing
   * here.
   *
   * @throws InvalidInputException when the file has no such tensor
   */
  public Tensor tensor(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    long bytes = entry.end() - entry.begin();
    Tensor copy = Tensors.zeros(type(name), Device.CPU, entry.shape());
    if (bytes > 0) {
      MemorySegment.copy(data, entry.begin(), memory(copy), 0, bytes);
    }
    return copy;
  }

  private SafetensorsHeader.Entry entry(String name) {
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new InvalidInputException(file + " has no tensor '" + name + "'");
    }
    return entry;
  }

  @Override
  public void close() {
    arena.close();
  }

  /**
   * Writes tensors to a file that appears whole or not at all.
   *
   * @param tensors in the order in which they are laid out
   * @throws UncheckedIOException naming the file, when it cannot be written
   */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    Map<String, SafetensorsHeader.Spec> specs = new LinkedHashMap<>();
    tensors.forEach((name, t) -> specs.put(name, new SafetensorsHeader.Spec(t.type(), t.shape())));
    SafetensorsHeader header = SafetensorsHeader.layout(specs, metadata);
    try {
      AtomicFile.write(
          file,
          channel -> {
            AtomicFile.writeFully(channel, header.toBytes());
            for (Tensor tensor : tensors.values()) {
              write(channel, tensor);
            }
          });
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }

  private static void write(FileChannel channel, Tensor tensor) throws IOException {
    try (Scope _ = Scope.open()) {
      Tensor host = tensor.detach().to(Device.CPU).contiguous();
      if (host.elements() == 0) {
        return;
      }
      MemorySegment memory = memory(host);
      for (long at = 0; at < memory.byteSize(); at += PIECE) {
        long length = Math.min(PIECE, memory.byteSize() - at);
        AtomicFile.writeFully(channel, memory.asSlice(at, length).asByteBuffer());
      }
    }
  }

  /** The memory of a contiguous tensor on the CPU; valid while the tensor lives. */
  private static MemorySegment memory(Tensor tensor) {
    try (Scope _ = Scope.open()) {
      Pointer address = tensor.raw.data_ptr();
      return MemorySegment.ofAddress(address.address())
          .reinterpret(tensor.elements() * tensor.type().bytes());
    }
  }
}
