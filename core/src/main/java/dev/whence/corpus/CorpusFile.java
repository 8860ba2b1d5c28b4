package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.Hashes;
import dev.whence.folder.WorkFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One file of a corpus.
 *
 * @param name what its documents are called after: the file's name, or more of its path where names
 *     are shared
 */
record CorpusFile(Path path, String name, FileFormat format) {
  /**
   * A file as candidates, before names are compared.
   *
   * @param relative the path below the folder that was given, or the file as given
   */
  private record Candidate(Path path, String relative, FileFormat format) {
    String fileName() {
      return FileFormat.nameOf(path);
    }
  }

  /**
   * Expands folders and settles names.
   *
   * @throws InvalidInputException if a file is missing, unsupported or given twice, or there is
   *     none
   */
  static List<CorpusFile> in(CorpusSource source) {
    List<Candidate> candidates = new ArrayList<>();
    for (Path given : source.files()) {
      candidates.addAll(Files.isDirectory(given) ? inFolder(given) : List.of(alone(given)));
    }
    if (candidates.isEmpty()) {
      throw new InvalidInputException(
          "No corpus file was found in "
              + source.files()
              + "; supported are "
              + FileFormat.SUPPORTED);
    }
    refuseRepeats(candidates);
    Set<String> sharedNames = shared(candidates, Candidate::fileName);
    Set<String> sharedPaths = shared(candidates, Candidate::relative);
    return candidates.stream()
        .map(file -> new CorpusFile(file.path, name(file, sharedNames, sharedPaths), file.format))
        .toList();
  }

  /**
   * The SHA-256 of its bytes as they stand, compressed or not.
   *
   * @throws InvalidInputException if it cannot be read
   */
  String hash(Progress.Stage stage) {
    try {
      return Hashes.of(path, stage::advance);
    } catch (IOException e) {
      throw AtomicFile.unreadable(path, e);
    }
  }

  private static String name(Candidate file, Set<String> sharedNames, Set<String> sharedPaths) {
    if (!sharedNames.contains(file.fileName())) {
      return file.fileName();
    }
    return sharedPaths.contains(file.relative) ? slashed(file.path) : file.relative;
  }

  private static Candidate alone(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(
          "The corpus file " + file + (Files.exists(file) ? " is not a file" : " does not exist"));
    }
    FileFormat format =
        FileFormat.of(file)
            .orElseThrow(() ->
                new InvalidInputException(
                    "The corpus file %s has no supported extension; supported are %s"
                        .formatted(file, FileFormat.SUPPORTED)));
    return new Candidate(file, slashed(file), format);
  }

  private static List<Candidate> inFolder(Path folder) {
    // Links are followed because data sets are often folders of links into a cache; a loop throws.
    Map<Path, Boolean> ours = new HashMap<>();
    try (Stream<Path> paths = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      return paths
          .filter(path -> !isHidden(folder.relativize(path)) && Files.isRegularFile(path))
          .filter(path -> !isOurs(folder, path, ours))
          .flatMap(path ->
              FileFormat.of(path).stream()
                  .map(format -> new Candidate(path, slashed(folder.relativize(path)), format)))
          .sorted((a, b) -> a.relative.compareTo(b.relative))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "The corpus folder %s cannot be listed: %s".formatted(folder, reason(e)), e);
    }
  }

  /** Whether a file below a corpus folder is in a folder that Whence wrote: no document of it. */
  private static boolean isOurs(Path folder, Path file, Map<Path, Boolean> ours) {
    Path at = file.getParent();
    while (at != null && !at.equals(folder)) {
      if (ours.computeIfAbsent(at, f -> WorkFolder.isOurs(f) || CacheManifest.isIn(f))) {
        return true;
      }
      at = at.getParent();
    }
    return false;
  }

  private static boolean isHidden(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static String reason(Exception e) {
    return e instanceof UncheckedIOException unchecked && unchecked.getCause() != null
        ? AtomicFile.reason(unchecked.getCause())
        : e instanceof IOException io ? AtomicFile.reason(io) : String.valueOf(e.getMessage());
  }

  private static void refuseRepeats(List<Candidate> candidates) {
    Set<Path> seen = new HashSet<>();
    for (Candidate file : candidates) {
      if (!seen.add(real(file.path))) {
        throw new InvalidInputException(
            "The corpus file %s is given twice%s; name it once"
                .formatted(file.path, isLinked(file.path) ? ", once by a link" : ""));
      }
    }
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file.toAbsolutePath().normalize(); // reading it will say what is wrong
    }
  }

  private static boolean isLinked(Path file) {
    return !real(file).equals(file.toAbsolutePath().normalize());
  }

  private static Set<String> shared(List<Candidate> candidates, Function<Candidate, String> name) {
    return candidates.stream()
        .collect(Collectors.groupingBy(name, Collectors.counting()))
        .entrySet()
        .stream()
        .filter(entry -> entry.getValue() > 1)
        .map(entry -> entry.getKey())
        .collect(Collectors.toSet());
  }

  private static String slashed(Path path) {
    return path.toString().replace(path.getFileSystem().getSeparator(), "/");
  }
}
