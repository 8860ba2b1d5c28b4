package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.model.Linear;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an index keeps of each position. */
public sealed interface Keeps {
  /** The signs of 240 numbers: 32 bytes a position. */
  Sides USUAL = new Sides(240, 1);

  /** How a position is written. */
  PositionFormat format(List<Linear> layers);

  /** By the command line's option. */
  Map<String, String> options();

  /**
   * Random projections of its inputs and of its output gradients.
   *
   * @param components how many numbers: half of the inputs, half of the gradients
   * @param bits of each: 1, 2, 4 or 8
   */
  record Sides(int components, int bits) implements Keeps {
    private static final int MOST_COMPONENTS = 100_000;

    public Sides {
      if (components < 2 || components > MOST_COMPONENTS || components % 2 != 0) {
        throw new InvalidInputException(
            "--components is %d but must be 'all' or an even number up to %,d: half are of the inputs"
                .formatted(components, MOST_COMPONENTS));
      }
      if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
        throw new InvalidInputException(
            "--bits is " + bits + " but must be 1, 2, 4 or 8, except with --components all");
      }
    }

    @Override
    public SidesFormat format(List<Linear> layers) {
      return format();
    }

    /** Bytes of a position. */
    public int recordBytes() {
      return format().bytes();
    }

    SidesFormat format() {
      return new SidesFormat(components / 2, bits);
    }

    @Override
    public Map<String, String> options() {
      return Map.of("components", "" + components, "bits", "" + bits);
    }
  }

  /**
   * The inputs and output gradients of all layers themselves, so that nothing is lost.
   *
   * @param bits of each number: 16 or 32
   */
  record WholeTraces(int bits) implements Keeps {
    public WholeTraces {
      if (bits != 16 && bits != 32) {
        throw new InvalidInputException(
            "--bits is " + bits + " but must be 16 or 32 with --components all");
      }
    }

    @Override
    public TraceFormat format(List<Linear> layers) {
      return new TraceFormat(WholeTrace.count(layers), bits);
    }

    @Override
    public Map<String, String> options() {
      return Map.of("components", "all", "bits", "" + bits);
    }
  }

  /**
   * What a command line asks for.
   *
   * @param components a number, or {@code all}
   * @param bits as many as suit, if empty
   * @throws InvalidInputException when there is nothing of that kind
   */
  static Keeps of(String components, Optional<Integer> bits) {
    if (components.equals("all")) {
      return new WholeTraces(bits.orElse(Float.SIZE));
    }
    try {
      return new Sides(Integer.parseInt(components), bits.orElse(1));
    } catch (NumberFormatException e) {
      throw new InvalidInputException(
          "--components is '" + components + "' but must be 'all' or an even number", e);
    }
  }
}
