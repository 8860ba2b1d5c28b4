package dev.whence.corpus;

import dev.whence.Json;
import dev.whence.folder.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code corpus.json}: what a cache folder holds, and enough to tell whether it still does.
 *
 * @param hash the {@link CorpusKey} it was built for
 * @param checksum the SHA-256 of the other fields
 */
record CacheManifest(
    int formatVersion,
    String hash,
    long sequences,
    long documents,
    long malformed,
    long totalPositions,
    int maximumLength,
    List<CacheFile> files,
    String checksum) {
  static final int FORMAT_VERSION = 2;
  static final String NAME = "corpus.json";

  /** Larger files are trusted by their size, as hashing them would take longer than it is worth. */
  private static final long HASHED_BYTES = 256L << 20;

  /** How format 1 spelt its fields. */
  private static final JsonMapper CAMEL_CASE = new JsonMapper();

  /** Format 1 had sequences of one token, which predict nothing. */
  private static final Set<Integer> READ = Set.of(1, FORMAT_VERSION);

  /** One of the cache's binary files. */
  record CacheFile(String name, long bytes, String sha256) {}

  CacheManifest withChecksum() {
    return withChecksum(Hashes.of(withChecksum("").toString()));
  }

  private CacheManifest withChecksum(String value) {
    return new CacheManifest(
        formatVersion,
        hash,
        sequences,
        documents,
        malformed,
        totalPositions,
        maximumLength,
        files,
        value);
  }

  byte[] json() {
    return Json.MAPPER.writeValueAsBytes(this);
  }

  /** Whether a folder is a cache: a manifest's name alone may be that of a corpus. */
  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(NAME)) && Files.exists(folder.resolve(CacheLayout.TOKENS));
  }

  /**
   * The manifest of the cache in {@code folder}, if there is one for this hash and its files are as
   * it says.
   */
  static Optional<CacheManifest> validIn(Path folder, String hash) {
    try {
      Path file = folder.resolve(NAME);
      if (!Files.isRegularFile(file)) {
        return Optional.empty();
      }
      byte[] json = Files.readAllBytes(file);
      JsonNode root = Json.MAPPER.readTree(json);
      JsonMapper mapper = root.has("formatVersion") ? CAMEL_CASE : Json.MAPPER;
      // A file that says null reads as null.
      var manifest = Optional.ofNullable(mapper.readValue(json, CacheManifest.class));
      return manifest.isPresent() && manifest.get().isValid(folder, hash)
          ? manifest
          : Optional.empty();
    } catch (IOException | JacksonException _) {
      return Optional.empty(); // whatever is wrong with it, it is built again
    }
  }

  private boolean isValid(Path folder, String expectedHash) throws IOException {
    // The checksum covers every other field, so a missing or edited one fails here.
    if (!READ.contains(formatVersion)
        || !expectedHash.equals(hash)
        || !withChecksum().checksum.equals(checksum)) {
      return false;
    }
    for (CacheFile file : files) {
      Path path = folder.resolve(file.name);
      if (!Files.isRegularFile(path) || Files.size(path) != file.bytes) {
        return false;
      }
      if (file.bytes < HASHED_BYTES && !Hashes.of(path, _ -> {}).equals(file.sha256)) {
        return false;
      }
    }
    return true;
  }
}
