package dev.whence.attribution;

import dev.whence.InvalidInputException;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.influence.QuerySplit;
import dev.whence.influence.QuerySplit.LayerBytes;
import java.util.List;
import java.util.Locale;

/**
 * How queries of one kind share the memory that is left for them.
 *
 * @param memory that they share
 * @param layers what queries take at each layer
 * @param beside bytes that a query takes during its pass whatever the number of layers
 */
public record QueryMemory(AttributionMemory memory, List<LayerBytes> layers, long beside) {
  /**
   * The fewest passes that stay within the memory.
   *
   * @throws InvalidInputException when not even one query at one layer fits
   */
  public QuerySplit split(int queries) {
    return QuerySplit.fewest(queries, layers, memory.free(), beside)
        .orElseThrow(() ->
            new InvalidInputException(
                String.format(
                    Locale.ROOT,
                    "%s is %,d MiB but the model, a batch and one query's gradient at one"
                        + " layer take %,d MiB; allow as much, or give fewer --batch-tokens",
                    memory.budget().option(),
                    memory.budget().bytes() >> 20,
                    (memory.batch().bytes() + QuerySplit.least(queries, layers, beside)) / (1 << 20)
                        + 1)));
  }

  /** Cuts a part's layers into ranges whose factors fit beside its queries' own gradients. */
  public List<Range> passing(QuerySplit.Part part) {
    return QuerySplit.passing(part.layers(), layers, memory.free() - queries(part) - held(part));
  }

  /** Bytes of a part's queries. */
  public long queries(QuerySplit.Part part) {
    return part.layers().of(layers).stream()
            .mapToLong(b -> b.perQuery() * part.queries().size())
            .sum()
        + beside * part.queries().size();
  }

  /** Bytes that are there during a part's pass beside its queries. */
  public long held(QuerySplit.Part part) {
    return part.layers().of(layers).stream().mapToLong(LayerBytes::held).sum();
  }

  /**
   * Bytes that a part's products of low rank may take formed, so that a scan need not do it: all
   * but a tenth of what is left, for what estimates miss.
   */
  public long forming(QuerySplit.Part part) {
    return (memory.free() - queries(part) - held(part)) / 10 * 9;
  }

  /**
   * The most that a part takes at any time.
   *
   * @param formed bytes of its formed products
   */
  public long peak(QuerySplit.Part part, long formed) {
    long passing =
        passing(part).stream()
            .mapToLong(r -> r.of(layers).stream().mapToLong(LayerBytes::passing).sum())
            .max()
            .orElse(0);
    return queries(part) + Math.max(passing, formed + held(part));
  }
}
