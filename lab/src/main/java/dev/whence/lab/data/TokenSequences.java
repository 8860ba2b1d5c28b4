package dev.whence.lab.data;

import dev.whence.folder.Hashes;
import dev.whence.tensor.Device;
import dev.whence.trace.Examples;
import dev.whence.trace.TokenBatch;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Sequences of tokens in memory, each with its place as key.
 *
 * @param firstScored of each sequence, the first token whose prediction counts
 */
public record TokenSequences(List<int[]> tokens, List<Integer> firstScored, Device device)
    implements ExampleSet {
  /** Sequences of which every prediction counts. */
  public static TokenSequences whole(List<int[]> tokens, Device device) {
    return new TokenSequences(tokens, tokens.stream().map(_ -> 1).toList(), device);
  }

  /** A hash of all tokens and of which of them are scored. */
  public String hash() {
    return Hashes.ofTexts(
        IntStream.range(0, tokens.size())
            .mapToObj(i -> firstScored.get(i) + Arrays.toString(tokens.get(i))));
  }

  @Override
  public long size() {
    return tokens.size();
  }

  /** Shortest first, so that little is padded. */
  @Override
  public long[] order() {
    return LongStream.range(0, size())
        .boxed()
        .sorted(Comparator.comparingInt(place -> tokens.get(place.intValue()).length))
        .mapToLong(place -> place)
        .toArray();
  }

  @Override
  public Examples at(long... places) {
    return TokenBatch.of(
        Arrays.stream(places)
            .mapToObj(place ->
                new TokenBatch.Row(tokens.get((int) place), firstScored.get((int) place), place))
            .toList(),
        device);
  }
}
