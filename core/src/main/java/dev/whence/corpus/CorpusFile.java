package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.folder.Hashes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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
   * A file as found, before names are compared.
   *
   * @param relative the path below the folder that was given, or the file as given
   */
  private record Found(Path path, String relative, FileFormat format) {
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
    List<Found> found = new ArrayList<>();
    for (Path given : source.files()) {
      found.addAll(Files.isDirectory(given) ? inFolder(given) : List.of(alone(given)));
    }
    if (found.isEmpty()) {
      throw new InvalidInputException(
          "No corpus file was found in "
              + source.files()
              + "; supported are "
              + FileFormat.SUPPORTED);
    }
    refuseRepeats(found);
    Set<String> sharedNames = shared(found, Found::fileName);
    Set<String> sharedPaths = shared(found, Found::relative);
    return found.stream()
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
      throw new InvalidInputException("The corpus file " + path + " cannot be read: " + e, e);
    }
  }

  private static String name(Found file, Set<String> sharedNames, Set<String> sharedPaths) {
    if (!sharedNames.contains(file.fileName())) {
      return file.fileName();
    }
    return sharedPaths.contains(file.relative) ? slashed(file.path) : file.relative;
  }

  private static Found alone(Path file) {
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
    return new Found(file, slashed(file), format);
  }

  private static List<Found> inFolder(Path folder) {
    // Links are followed because data sets are often folders of links into a cache; a loop throws.
    try (Stream<Path> paths = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      return paths
          .filter(path -> !isHidden(folder.relativize(path)) && Files.isRegularFile(path))
          .flatMap(path ->
              FileFormat.of(path).stream()
                  .map(format -> new Found(path, slashed(folder.relativize(path)), format)))
          .sorted((a, b) -> a.relative.compareTo(b.relative))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "The corpus folder " + folder + " cannot be listed: " + e.getMessage(), e);
    }
  }

  private static boolean isHidden(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static void refuseRepeats(List<Found> found) {
    Set<Path> seen = new HashSet<>();
    for (Found file : found) {
      if (!seen.add(file.path.toAbsolutePath().normalize())) {
        throw new InvalidInputException(
            "The corpus file " + file.path + " is given twice; name it once");
      }
    }
  }

  private static Set<String> shared(List<Found> found, Function<Found, String> name) {
    return found.stream()
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
