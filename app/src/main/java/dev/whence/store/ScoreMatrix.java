package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.SafetensorsHeader;
import dev.whence.tensor.SafetensorsHeader.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * {@code scores.safetensors}, mapped into memory, so that a page reads only the rows that it shows.
 * Any number of threads may read it.
 */
public final class ScoreMatrix implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena = Arena.ofShared();
  private final SafetensorsHeader header;
  private final MemorySegment file;

  private ScoreMatrix(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      header = SafetensorsHeader.read(path);
      file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Maps a file of scores.
   *
   * @throws InvalidInputException naming the file, when it is not one
   */
  public static ScoreMatrix open(Path path) {
    try {
      return new ScoreMatrix(path);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot map " + path, e);
    }
  }

  /** All sequences' influences on a query, in nats; empty when they were not written. */
  public Optional<double[]> influence(int query) {
    return entry("influence")
        .map(e -> values(e, query * e.shape()[1], Math.toIntExact(e.shape()[1])));
  }

  /**
   * All sequences' influences on a query through a range of layers, in nats; empty when influences
   * were not written layer by layer.
   */
  public Optional<double[]> throughLayers(int query, Ranking.LayerSpan layers) {
    return entry("layerwise")
        .map(e -> {
          int columns = Math.toIntExact(e.shape()[1]);
          long all = e.shape()[2];
          double[] sums = new double[columns];
          for (int c = 0; c < columns; c++) {
            long first = (query * (long) columns + c) * all + layers.first();
            for (double part : values(e, first, layers.last() - layers.first() + 1)) {
              sums[c] += part;
            }
          }
          return sums;
        });
  }

  /** A column's influence on every query, in nats; empty when they were not written. */
  public Optional<double[]> onQueries(int column) {
    return entry("influence")
        .map(e -> {
          double[] values = new double[Math.toIntExact(e.shape()[0])];
          for (int q = 0; q < values.length; q++) {
            values[q] = values(e, q * e.shape()[1] + column, 1)[0];
          }
          return values;
        });
  }

  /** The influence of a column on itself; empty when it was not written. */
  public Optional<Double> selfInfluence(int column) {
    return entry("self_influence").map(e -> values(e, column, 1)[0]);
  }

  /** The column of a sequence; empty when a filter left it out. */
  public Optional<Integer> column(long place) {
    Optional<Entry> named = entry("sequence");
    if (named.isEmpty()) {
      long columns = header.entries().values().stream().findAny().map(this::columns).orElse(0L);
      return place < columns ? Optional.of((int) place) : Optional.empty();
    }
    int low = 0;
    int high = Math.toIntExact(named.get().shape()[0]) - 1;
    while (low <= high) { // ascending
      int middle = (low + high) >>> 1;
      long placeAtMiddle = place(named.get(), middle);
      if (placeAtMiddle == place) {
        return Optional.of(middle);
      }
      if (placeAtMiddle < place) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return Optional.empty();
  }

  private long columns(Entry any) {
    return any.shape().length == 1 ? any.shape()[0] : any.shape()[1];
  }

  /** The place in the corpus of a column's sequence. */
  public long place(int column) {
    return entry("sequence").map(e -> place(e, column)).orElse((long) column);
  }

  private long place(Entry named, int column) {
    return file.get(LONG, header.dataStart() + named.begin() + (long) column * Long.BYTES);
  }

  private Optional<Entry> entry(String name) {
    return Optional.ofNullable(header.entries().get(name));
  }

  private double[] values(Entry entry, long first, int count) {
    double[] values = new double[count];
    boolean wide = entry.typeName().equals(DType.FLOAT64.safetensorsName());
    long bytes = wide ? Double.BYTES : Float.BYTES;
    long start = header.dataStart() + entry.begin() + first * bytes;
    for (int i = 0; i < count; i++) {
      values[i] =
          wide
              ? file.get(DOUBLE, start + (long) i * Double.BYTES)
              : file.get(FLOAT, start + (long) i * Float.BYTES);
    }
    return values;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
