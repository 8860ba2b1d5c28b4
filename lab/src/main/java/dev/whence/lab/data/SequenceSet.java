package dev.whence.lab.data;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.model.Examples;
import dev.whence.model.TokenBatch;
import dev.whence.tensor.Device;
import java.util.Arrays;

/** Sequences of a corpus as examples: the place in the selection is the example's. */
public record SequenceSet(Corpus corpus, Selection selection, Device device) implements ExampleSet {
  @Override
  public long size() {
    return selection.count();
  }

  @Override
  public Examples at(long... places) {
    return TokenBatch.of(
        Arrays.stream(places)
            .mapToObj(
                place -> TokenBatch.Row.whole(corpus.sequence(selection.at(place)).tokens(), place))
            .toList(),
        device);
  }
}
