package dev.whence.lab.data;

import dev.whence.attribution.Query;
import dev.whence.model.Examples;
import dev.whence.model.TokenBatch;
import dev.whence.tensor.Device;
import java.util.Arrays;
import java.util.List;

/** Queries as examples: each one's likelihood is that of its completion given its prompt. */
public record QuerySet(List<Query> queries, Device device) implements ExampleSet {
  @Override
  public long size() {
    return queries.size();
  }

  @Override
  public Examples at(long... places) {
    return TokenBatch.of(
        Arrays.stream(places)
            .mapToObj(place -> queries.get((int) place))
            .map(query -> new TokenBatch.Row(query.tokens(), query.firstScored(), 0))
            .toList(),
        device);
  }
}
