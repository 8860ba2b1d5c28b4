package dev.whence.tensor;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The table of contents of a safetensors file: eight bytes of length, JSON, then the tensors end to
 * end. Reading trusts nothing: every offset is checked against the shape, its neighbours and the
 * file's size before any of it is used.
 *
 * @param entries in the order of the file's header
 * @param dataStart where the tensors begin, in bytes from the file's start
 */
public record SafetensorsHeader(
    Map<String, Entry> entries, Map<String, String> metadata, long dataStart) {
  /** The format's own limit; a longer header is an attack or a mistake. */
  private static final long LONGEST = 100_000_000;

  /**
   * One tensor.
   *
   * @param typeName as the file has it; Whence does not read all of them
   * @param begin first byte, from the start of the data
   * @param end the byte after the last
   */
  public record Entry(String typeName, long[] shape, long begin, long end) {
    /** The type, if Whence reads it. */
    public Optional<DType> type() {
      return DType.ofSafetensors(typeName);
    }
  }

  /** A tensor that is to be written. */
  public record Spec(DType type, long... shape) {}

  /** Lays tensors out end to end, in the map's order. */
  public static SafetensorsHeader layout(Map<String, Spec> tensors, Map<String, String> metadata) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    long offset = 0;
    for (var tensor : tensors.entrySet()) {
      if (tensor.getKey().equals("__metadata__")) {
        throw new IllegalArgumentException("a tensor cannot be named __metadata__");
      }
      Spec spec = tensor.getValue();
      long end = Math.addExact(offset, bytes(spec.type, spec.shape));
      entries.put(tensor.getKey(), new Entry(spec.type.safetensorsName(), spec.shape, offset, end));
      offset = end;
    }
    SafetensorsHeader unplaced = new SafetensorsHeader(entries, metadata, 0);
    return new SafetensorsHeader(entries, metadata, unplaced.toBytes().remaining());
  }

  /** Bytes of all tensors together. */
  public long dataBytes() {
    return entries.values().stream().mapToLong(Entry::end).max().orElse(0);
  }

  /** The file's beginning, up to the first tensor; padded so that tensors are aligned. */
  public ByteBuffer toBytes() {
    ObjectNode root = Json.MAPPER.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode node = root.putObject("__metadata__");
      new TreeMap<>(metadata)
          .forEach(node::put); // sorted, so that equal files are equal to the byte
    }
    entries.forEach((name, entry) -> {
      ObjectNode node = root.putObject(name);
      node.put("dtype", entry.typeName);
      var shape = node.putArray("shape");
      for (long size : entry.shape) {
        shape.add(size);
      }
      node.putArray("data_offsets").add(entry.begin).add(entry.end);
    });
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(json.length, 8) * 8;
    ByteBuffer bytes = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(padded).put(json);
    while (bytes.hasRemaining()) {
      bytes.put((byte) ' ');
    }
    return bytes.flip();
  }

  /**
   * Reads and checks a file's header.
   *
   * @throws InvalidInputException naming the file, and the tensor where it is one's fault
   */
  public static SafetensorsHeader read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(file, channel);
    }
  }

  /**
   * Reads and checks the header of an open file.
   *
   * @throws InvalidInputException naming the file, and the tensor where it is one's fault
   */
  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < 8) {
      throw invalid(file, "is too short for a header; download it again");
    }
    ByteBuffer length = read(channel, 0, 8).order(ByteOrder.LITTLE_ENDIAN);
    long headerLength = length.getLong();
    if (headerLength < 2 || headerLength > LONGEST || headerLength > size - 8) {
      throw invalid(
          file,
          "says that its header has "
              + Long.toUnsignedString(headerLength)
              + " bytes, but the file has "
              + size
              + "; it is truncated or not a safetensors file");
    }
    byte[] json = read(channel, 8, (int) headerLength).array();
    try {
      JsonNode root = Json.MAPPER.readTree(json);
      if (!root.isObject()) {
        throw invalid(file, "has a header that is not a JSON object");
      }
      return parse(file, root, 8 + headerLength, size - 8 - headerLength);
    } catch (JacksonException e) {
      throw invalid(file, "has a broken header: " + Json.reason(e));
    }
  }

  private static SafetensorsHeader parse(Path file, JsonNode root, long start, long dataSize) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    for (var property : root.properties()) {
      if (property.getKey().equals("__metadata__")) {
        for (var item : property.getValue().properties()) {
          metadata.put(item.getKey(), item.getValue().asString(""));
        }
      } else {
        entries.put(property.getKey(), entry(file, property.getKey(), property.getValue()));
      }
    }
    checkContiguous(file, entries, dataSize);
    return new SafetensorsHeader(entries, metadata, start);
  }

  private static Entry entry(Path file, String name, JsonNode node) {
    String typeName = node.path("dtype").asString("");
    if (typeName.isEmpty()) {
      throw invalid(file, "has tensor '" + name + "' without a dtype");
    }
    JsonNode dimensions = node.path("shape");
    JsonNode offsets = node.path("data_offsets");
    if (!dimensions.isArray()
        || !offsets.isArray()
        || offsets.size() != 2
        || dimensions.size() > 64) {
      throw invalid(file, "has tensor '" + name + "' without a proper shape and data_offsets");
    }
    long[] shape = new long[dimensions.size()];
    for (int d = 0; d < shape.length; d++) {
      shape[d] = natural(file, name, dimensions.get(d));
    }
    long begin = natural(file, name, offsets.get(0));
    long end = natural(file, name, offsets.get(1));
    // What a type that is not read takes is not known; it need not be, unless the tensor is wanted.
    Optional<DType> type = DType.ofSafetensors(typeName);
    long expected;
    try {
      expected = type.isPresent() ? bytes(type.get(), shape) : end - begin;
    } catch (ArithmeticException e) {
      throw invalid(file, "has tensor '" + name + "' with a shape that overflows");
    }
    if (end < begin || end - begin != expected) {
      throw invalid(
          file,
          "has tensor '%s' of %d bytes by its shape but %d by its offsets"
              .formatted(name, expected, end - begin));
    }
    return new Entry(typeName, shape, begin, end);
  }

  private static void checkContiguous(Path file, Map<String, Entry> entries, long dataSize) {
    List<Map.Entry<String, Entry>> sorted =
        entries.entrySet().stream()
            .sorted(
                Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin)
                    .thenComparingLong(e -> e.getValue().end))
            .toList();
    long expected = 0;
    for (var e : sorted) {
      if (e.getValue().begin != expected) {
        throw invalid(
            file,
            "has tensor '%s' at byte %d where %d was expected: tensors overlap or leave a hole"
                .formatted(e.getKey(), e.getValue().begin, expected));
      }
      expected = e.getValue().end;
    }
    if (expected != dataSize) {
      throw invalid(
          file,
          "has %d bytes of tensors but its header describes %d; it is truncated or damaged, download it again"
              .formatted(dataSize, expected));
    }
  }

  private static long natural(Path file, String name, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToLong() || node.asLong() < 0) {
      throw invalid(file, "has tensor '" + name + "' with the size or offset " + node);
    }
    return node.asLong();
  }

  private static long bytes(DType type, long... shape) {
    long bytes = type.bytes();
    long span = bytes; // as if no size were zero: libtorch's strides must not overflow either
    for (long size : shape) {
      span = Math.multiplyExact(span, Math.max(1, size));
      bytes *= size;
    }
    return bytes;
  }

  private static ByteBuffer read(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new IOException("the file became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  private static InvalidInputException invalid(Path file, String what) {
    return new InvalidInputException(file + " " + what);
  }
}
