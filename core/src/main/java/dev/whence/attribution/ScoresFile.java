package dev.whence.attribution;

import dev.whence.corpus.Selection;
import dev.whence.folder.AtomicFile;
import dev.whence.influence.InfluenceScan.Scores;
import dev.whence.results.ResultsManifest;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsHeader;
import dev.whence.tensor.SafetensorsHeader.Entry;
import dev.whence.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * {@code scores.safetensors} while it is being filled: laid out in full at the start, each
 * sequence's scores written to their place. A chunk's scores are gathered in memory first, because
 * a query's row is far from the next one's on disk.
 */
final class ScoresFile implements AutoCloseable {
  private static final String INFLUENCE = "influence";
  private static final String LAYERWISE = "layerwise";
  private static final String TOKENWISE = "tokenwise";
  private static final String SELF = "self_influence";
  private static final String SEQUENCE = "sequence";

  /**
   * What the file holds.
   *
   * @param queries 0 when there is no score matrix
   * @param layers 0 when the scores are not split by layer
   * @param positions 0 when the scores are not split by position
   * @param named whether the file says which sequence of the corpus a column is
   */
  record Shape(
      int queries,
      Selection sequences,
      int layers,
      int positions,
      boolean selfInfluence,
      boolean named,
      DType type) {}

  private final Path file;
  private final Shape shape;
  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final Map<String, Map<Long, double[]>> pending = new LinkedHashMap<>();

  private ScoresFile(Path file, Shape shape, FileChannel channel, SafetensorsHeader header) {
    this.file = file;
    this.shape = shape;
    this.channel = channel;
    this.header = header;
    header.entries().keySet().forEach(name -> pending.put(name, new LinkedHashMap<>()));
  }

  /** Opens the file, or lays it out with zeros. */
  static ScoresFile open(Path file, Shape shape) {
    Map<String, SafetensorsHeader.Spec> specs = new LinkedHashMap<>();
    long n = shape.sequences.count();
    if (shape.queries > 0) {
      specs.put(INFLUENCE, new SafetensorsHeader.Spec(shape.type, shape.queries, n));
      if (shape.layers > 0) {
        specs.put(
            LAYERWISE, new SafetensorsHeader.Spec(shape.type, shape.queries, n, shape.layers));
      }
      if (shape.positions > 0) {
        specs.put(
            TOKENWISE, new SafetensorsHeader.Spec(shape.type, shape.queries, n, shape.positions));
      }
    }
    if (shape.selfInfluence) {
      specs.put(SELF, new SafetensorsHeader.Spec(shape.type, n));
    }
    if (shape.named) {
      specs.put(SEQUENCE, new SafetensorsHeader.Spec(DType.INT64, n));
    }
    SafetensorsHeader header =
        SafetensorsHeader.layout(
            specs, Map.of("unit", ResultsManifest.UNIT, "sign", ResultsManifest.SIGN));
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      AtomicFile.writeFully(channel, header.toBytes());
      long size = header.dataStart() + header.dataBytes();
      if (channel.size() < size) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
      ScoresFile scores = new ScoresFile(file, shape, channel, header);
      if (shape.named) {
        scores.writeSequences();
      }
      return scores;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Writes which sequence of the corpus each column is. */
  private void writeSequences() throws IOException {
    int columns = Math.toIntExact(shape.sequences.count());
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.multiplyExact(columns, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    for (int column = 0; column < columns; column++) {
      buffer.putLong(shape.sequences.at(column));
    }
    write(buffer.flip(), header.dataStart() + entry(SEQUENCE).begin());
  }

  /** Takes the scores of the sequences at {@code places} of the selection. */
  void add(long[] places, Scores scores) {
    if (shape.queries > 0) {
      scores.influence().ifPresent(t -> gather(INFLUENCE, places, t, 1));
      scores.layerwise().ifPresent(t -> gather(LAYERWISE, places, t, shape.layers));
      scores.tokenwise().ifPresent(t -> gather(TOKENWISE, places, t, shape.positions));
    }
    scores.selfInfluence().ifPresent(t -> gather(SELF, places, t, 1));
  }

  /** Keeps for each place the values of all queries, each query's padded to {@code width}. */
  private void gather(String name, long[] places, Tensor tensor, int width) {
    Map<Long, double[]> rows = pending.get(name);
    if (rows == null) {
      return;
    }
    double[] values = tensor.toDoubles();
    int perPlace = values.length / places.length;
    int queries = name.equals(SELF) ? 1 : shape.queries;
    int given = perPlace / queries;
    for (int b = 0; b < places.length; b++) {
      double[] row = new double[queries * width];
      for (int q = 0; q < queries; q++) {
        System.arraycopy(values, b * perPlace + q * given, row, q * width, Math.min(given, width));
      }
      rows.put(places[b], row);
    }
  }

  /** Writes what was gathered for consecutive places, and syncs. */
  void flush() {
    try {
      for (var tensor : pending.entrySet()) {
        Map<Long, double[]> rows = tensor.getValue();
        if (!rows.isEmpty()) {
          write(entry(tensor.getKey()), tensor.getKey().equals(SELF) ? 1 : shape.queries, rows);
          rows.clear();
        }
      }
      channel.force(false);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private void write(Entry entry, int queries, Map<Long, double[]> rows) throws IOException {
    long[] places = rows.keySet().stream().mapToLong(Long::longValue).sorted().toArray();
    int bytes = shape.type.bytes();
    int width = Objects.requireNonNull(rows.get(places[0])).length / queries;
    for (int q = 0; q < queries; q++) {
      int start = 0;
      while (start < places.length) {
        int end = start + 1;
        while (end < places.length && places[end] == places[end - 1] + 1) {
          end++;
        }
        ByteBuffer buffer =
            ByteBuffer.allocate((end - start) * width * bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int p = start; p < end; p++) {
          double[] row = Objects.requireNonNull(rows.get(places[p]));
          put(buffer, Arrays.copyOfRange(row, q * width, (q + 1) * width));
        }
        long element = (q * shape.sequences.count() + places[start]) * width;
        write(buffer.flip(), header.dataStart() + entry.begin() + element * bytes);
        start = end;
      }
    }
  }

  private void write(ByteBuffer bytes, long at) throws IOException {
    for (long position = at; bytes.hasRemaining(); ) {
      position += channel.write(bytes, position);
    }
  }

  private void put(ByteBuffer buffer, double[] values) {
    for (double value : values) {
      if (shape.type == DType.FLOAT64) {
        buffer.putDouble(value);
      } else {
        buffer.putFloat((float) value);
      }
    }
  }

  private Entry entry(String name) {
    return Objects.requireNonNull(header.entries().get(name));
  }

  private static UncheckedIOException failed(Path file, IOException e) {
    return AtomicFile.failed("write", file, e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
