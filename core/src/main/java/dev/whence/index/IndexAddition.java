package dev.whence.index;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.budget.Compute;
import dev.whence.corpus.Corpus;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderLock;
import dev.whence.folder.Folders;
import dev.whence.folder.Manifest;
import dev.whence.index.InfluenceIndexManifest.Part;
import dev.whence.index.InfluenceIndexManifest.Shard;
import dev.whence.model.LanguageModel;
import dev.whence.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds a corpus to an index. It is indexed beside first, where a killed addition goes on; its
 * shards are linked into the index, and count from the moment that the manifest names them.
 */
public final class IndexAddition {
  private IndexAddition() {}

  /**
   * Adds a corpus, with the index's own settings.
   *
   * @param run that the index was made with
   * @return what the index holds now
   * @throws InvalidInputException when the index has the corpus already, or was made with another
   *     fit
   */
  public static InfluenceIndexManifest run(
      Path index,
      RunFolder run,
      LanguageModel model,
      Corpus corpus,
      Compute compute,
      Progress progress) {
    InfluenceIndex.manifest(index); // before a lock is written into what may be no index
    try (FolderLock _ =
        FolderLock.tryTake(index)
            .orElseThrow(() ->
                new InvalidInputException(
                    "another process is adding to " + index + "; wait for it"))) {
      return add(index, run, model, corpus, compute, progress);
    } catch (IOException e) {
      throw AtomicFile.failed("write to", index, e);
    }
  }

  private static InfluenceIndexManifest add(
      Path index,
      RunFolder run,
      LanguageModel model,
      Corpus corpus,
      Compute compute,
      Progress progress)
      throws IOException {
    InfluenceIndexManifest manifest = InfluenceIndex.manifest(index);
    InfluenceIndex.requireOf(index, manifest, run);
    // A folder for each corpus: what was begun of another stays, to be gone on with.
    Path beside =
        index
            .toAbsolutePath()
            .resolveSibling(index.getFileName() + ".adding-" + corpus.hash().substring(0, 12));
    if (manifest.parts().stream().anyMatch(part -> part.corpus().hash().equals(corpus.hash()))) {
      if (Manifest.isIn(beside)) {
        Folders.delete(beside); // of an addition that was killed when all was done
      }
      throw new InvalidInputException(index + " has this corpus already; give another --corpus");
    }
    IndexSettings settings =
        InfluenceIndex.settings(manifest).withRecallQueries(0).withCompute(compute);
    Part added =
        IndexBuild.run(run, model, corpus, settings, beside, false, progress).parts().getFirst();
    List<Part> parts = new ArrayList<>(manifest.parts());
    parts.add(link(index, manifest, beside, added));
    InfluenceIndexManifest extended = manifest.withParts(parts);
    Manifest.write(index, extended);
    Folders.delete(beside);
    return extended;
  }

  /** Links the added shards under the numbers after the index's own. */
  private static Part link(Path index, InfluenceIndexManifest manifest, Path beside, Part added)
      throws IOException {
    int number = manifest.parts().stream().mapToInt(part -> part.shards().size()).sum();
    List<Shard> shards = new ArrayList<>();
    for (Shard shard : added.shards()) {
      String name = Shards.name(number++);
      link(Shards.codes(beside, shard.name()), Shards.codes(index, name));
      link(Shards.norms(beside, shard.name()), Shards.norms(index, name));
      shards.add(
          new Shard(
              name,
              shard.sequences(),
              shard.positions(),
              shard.codesCrc32c(),
              shard.normsCrc32c()));
    }
    return new Part(added.corpus(), shards);
  }

  private static void link(Path from, Path to) throws IOException {
    Files.deleteIfExists(to); // of an addition that was killed before the manifest named it
    try {
      Files.createLink(to, from);
    } catch (UnsupportedOperationException | IOException e) {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
