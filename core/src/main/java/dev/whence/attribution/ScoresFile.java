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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * {@code scores.safetensors} while it is being filled: laid out in full at the start, each
 * sequence's scores written to their place. Scores are gathered in memory first, as many as a bound
 * allows, because a query's row is far from the next one's on disk.
 */
final class ScoresFile implements AutoCloseable {
  /** So much waits in memory at most, beside a batch: queries and long sequences can be many. */
  private static final long MOST_PENDING_BYTES = 64L << 20;

  /** Bytes that are written at once. */
  private static final int RUN_BYTES = 16 << 20;

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
  private final Map<String, List<Row>> pending = new LinkedHashMap<>();
  private long pendingBytes;

  private ScoresFile(Path file, Shape shape, FileChannel channel, SafetensorsHeader header) {
    this.file = file;
    this.shape = shape;
    this.channel = channel;
    this.header = header;
    header.entries().keySet().forEach(name -> pending.put(name, new ArrayList<>()));
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
    add(places, scores, scores.influence().map(Tensor::toDoubles).orElse(new double[0]));
  }

  /**
   * Takes scores of which the influences were read already.
   *
   * @param influences in row-major order, [batch, queries]; perhaps of more queries than the file's
   */
  void add(long[] places, Scores scores, double[] influences) {
    if (shape.queries > 0) {
      if (influences.length > 0) {
        gatherInfluences(places, influences);
      }
      scores.layerwise().ifPresent(t -> gather(LAYERWISE, places, t));
      scores.tokenwise().ifPresent(t -> gather(TOKENWISE, places, t));
    }
    scores.selfInfluence().ifPresent(t -> gather(SELF, places, t));
  }

  /**
   * Scores of one sequence that wait to be written: those of all queries, each query's without
   * padding.
   *
   * @param single in a float32 run
   * @param exact in a float64 run
   */
  private record Row(long place, float[] single, double[] exact) {
    int length() {
      return single.length + exact.length;
    }

    double at(int index) {
      return exact.length > 0 ? exact[index] : single[index];
    }
  }

  private void gatherInfluences(long[] places, double[] influences) {
    List<Row> rows = pending.get(INFLUENCE);
    if (rows == null) {
      return;
    }
    int each = influences.length / places.length;
    for (int b = 0; b < places.length; b++) {
      double[] row = Arrays.copyOfRange(influences, b * each, b * each + shape.queries);
      boolean wide = shape.type == DType.FLOAT64;
      rows.add(new Row(places[b], wide ? new float[0] : floats(row), wide ? row : new double[0]));
    }
    gathered((long) places.length * shape.queries);
  }

  private static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Gathers the values of all queries for each place; writes when they have become many. */
  private void gather(String name, long[] places, Tensor tensor) {
    List<Row> rows = pending.get(name);
    if (rows == null) {
      return;
    }
    boolean wide = shape.type == DType.FLOAT64;
    float[] single = wide ? new float[0] : tensor.toFloats();
    double[] exact = wide ? tensor.toDoubles() : new double[0];
    int each = (single.length + exact.length) / places.length;
    for (int b = 0; b < places.length; b++) {
      rows.add(
          new Row(
              places[b],
              wide ? single : Arrays.copyOfRange(single, b * each, (b + 1) * each),
              wide ? Arrays.copyOfRange(exact, b * each, (b + 1) * each) : exact));
    }
    gathered((long) single.length + exact.length);
  }

  private void gathered(long values) {
    pendingBytes += values * shape.type.bytes();
    if (pendingBytes > MOST_PENDING_BYTES) {
      flush();
    }
  }

  /** Bytes of the scores that wait to be written. */
  long pendingBytes() {
    return pendingBytes;
  }

  /** Writes what was gathered, and syncs. */
  void flush() {
    try {
      for (var tensor : pending.entrySet()) {
        List<Row> rows = tensor.getValue();
        if (!rows.isEmpty()) {
          rows.sort(Comparator.comparingLong(Row::place));
          write(tensor.getKey(), rows);
          rows.clear();
        }
      }
      pendingBytes = 0;
      channel.force(false);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Writes each query's values of consecutive places together, padded to the tensor's width. */
  private void write(String name, List<Row> rows) throws IOException {
    int queries = name.equals(SELF) ? 1 : shape.queries;
    int width = width(name);
    int most = Math.max(1, RUN_BYTES / (width * shape.type.bytes()));
    for (int q = 0; q < queries; q++) {
      int start = 0;
      while (start < rows.size()) {
        int end = start + 1;
        while (end < rows.size()
            && end - start < most
            && rows.get(end).place == rows.get(end - 1).place + 1) {
          end++;
        }
        ByteBuffer buffer =
            ByteBuffer.allocate((end - start) * width * shape.type.bytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        for (Row row : rows.subList(start, end)) {
          put(buffer, row, q, row.length() / queries, width);
        }
        long element = (q * shape.sequences.count() + rows.get(start).place) * width;
        write(
            buffer.flip(), header.dataStart() + entry(name).begin() + element * shape.type.bytes());
        start = end;
      }
    }
  }

  private int width(String name) {
    return switch (name) {
      case LAYERWISE -> shape.layers;
      case TOKENWISE -> shape.positions;
      default -> 1;
    };
  }

  private void write(ByteBuffer bytes, long at) throws IOException {
    for (long position = at; bytes.hasRemaining(); ) {
      position += channel.write(bytes, position);
    }
  }

  private void put(ByteBuffer buffer, Row row, int query, int given, int width) {
    for (int i = 0; i < width; i++) {
      double value = i < given ? row.at(query * given + i) : 0;
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
