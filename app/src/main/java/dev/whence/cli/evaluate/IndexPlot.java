package dev.whence.cli.evaluate;

import dev.whence.lab.evaluation.IndexStudy;
import dev.whence.web.Plot;
import java.nio.file.Path;
import java.util.List;

/** Draws what indexes and other ways to keep gradients find, against what they keep. */
final class IndexPlot {
  private IndexPlot() {}

  static void write(Path file, IndexStudy study) {
    List<Plot.Point> points =
        study.rows().stream()
            .filter(row -> row.bytes() > 0)
            .map(row -> Plot.Point.of(row.name(), row.bytes(), row.quality().recall10()))
            .toList();
    Plot.write(
        file,
        new Plot.Words(
            "Of the 10 strongest of %,d: found among the first 10 estimates"
                .formatted(study.sequences()),
            "The share of the 10 sequences that raise a query most which are among the first 10 estimates, against the bytes that are kept of a sequence.",
            "bytes a sequence",
            "recall@10"),
        points);
  }
}
