package dev.whence.fit;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.budget.LayerRanges.Range;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.WorkFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The ranges of layers that a fit takes at a time, kept in its work folder. A fit that is taken up
 * again goes on with the ranges that it began with: other ranges would have other eigenvectors, in
 * whose coordinates what was summed means nothing.
 *
 * @param ranges consecutive, over all tracked layers
 */
record Division(List<Range> ranges) {
  static final String FILE = "division.json";

  /**
   * The division of the work in a folder: what it was begun with, or else what memory allows now.
   *
   * @param force starts over where memory does not allow what it was begun with
   * @throws InvalidInputException when it was begun with more memory than there is now, or memory
   *     does not suffice for a single layer
   */
  static Division of(WorkFolder work, FitMemory memory, boolean force) {
    Path folder = work.path();
    Path file = folder.resolve(FILE);
    try {
      if (Files.exists(file)) {
        Division begun = Bases.readMarker(file, Division.class);
        long bytes = begun.ranges.stream().mapToLong(memory::bytes).max().orElse(0);
        if (bytes <= memory.most()) {
          return begun;
        }
        if (!force) {
          throw new InvalidInputException(
              "%s was begun with more memory: it takes %,d MiB and %s is %,d MiB; allow as much, or give --force to start over with less"
                  .formatted(
                      folder,
                      bytes / (1 << 20) + 1,
                      memory.budget().option(),
                      memory.budget().bytes() >> 20));
        }
        work.startOver();
      }
      Division fresh = new Division(memory.split());
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(fresh));
      return fresh;
    } catch (IOException e) {
      throw AtomicFile.failed("write to", folder, e);
    }
  }
}
