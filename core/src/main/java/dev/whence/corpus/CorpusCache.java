package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderLock;
import dev.whence.folder.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/**
 * Finds or builds the cache folder of a corpus. A cache is built beside its place and renamed into
 * it, so that it is whole or absent, and of two processes that build the same one the second uses
 * the first's.
 */
record CorpusCache(Path cacheFolder) {
  private static final int ATTEMPTS = 5;
  private static final String LOCK = ".lock";

  /** A cache that is whole: its folder and what it holds. */
  record Ready(Path folder, CacheManifest manifest) {}

  /**
   * Returns the cache of the key, building it if there is none to trust.
   *
   * @throws InvalidInputException if the corpus cannot be read
   * @throws UncheckedIOException if the cache cannot be written, naming its folder
   */
  Ready ready(CorpusKey key, CorpusSource source, Tokenization tokenization, Progress progress) {
    Path place = cacheFolder.resolve(key.hash());
    Optional<CacheManifest> existing = CacheManifest.validIn(place, key.hash());
    if (existing.isPresent()) {
      return new Ready(place, existing.get());
    }
    Path building = temporary(key.hash());
    try {
      Files.createDirectories(building);
      CacheManifest manifest;
      try (var writer = new CacheWriter(building, tokenization.sequenceLength())) {
        manifest = new CorpusBuilder(source, tokenization, writer).build(key, progress);
      }
      return new Ready(place, publish(building, place, manifest));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the corpus cache in " + cacheFolder + ": " + AtomicFile.reason(e), e);
    } finally {
      delete(building);
    }
  }

  private CacheManifest publish(Path building, Path place, CacheManifest built) throws IOException {
    IOException last = new IOException("not attempted");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        Files.move(building, place, StandardCopyOption.ATOMIC_MOVE);
        CacheWriter.syncFolder(cacheFolder);
        return built;
      } catch (FileSystemException e) {
        last = e;
      }
      // Something stands in the place: another process's cache, or one that is not to be trusted.
      Optional<CacheManifest> other = CacheManifest.validIn(place, built.hash());
      if (other.isPresent()) {
        return other.get();
      }
      moveAside(place, built.hash());
    }
    throw last;
  }

  /**
   * Removes a cache that is not valid. Under a lock, because between finding it invalid and moving
   * it another process could put a valid one there and start to read it.
   */
  private void moveAside(Path place, String hash) throws IOException {
    Path aside = temporary(hash);
    FolderLock.whileHolding(
        cacheFolder.resolve(LOCK),
        () -> {
          // What is there now stays until it is judged: only a holder of the lock takes it away.
          if (Files.exists(place) && CacheManifest.validIn(place, hash).isEmpty()) {
            Files.move(place, aside, StandardCopyOption.ATOMIC_MOVE);
          }
        });
    delete(aside);
  }

  /** A new hidden name; one that a killed process leaves behind is never looked at. */
  private Path temporary(String hash) {
    return cacheFolder.resolve("." + hash + "-" + UUID.randomUUID());
  }

  private static void delete(Path folder) {
    try {
      Folders.delete(folder);
    } catch (IOException | UncheckedIOException _) {
      // It is gone, or cannot be; either way it harms nobody.
    }
  }
}
