package dev.whence.folder;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Files that Git LFS keeps elsewhere: a clone without it has a short text in their place. */
public final class GitLfs {
  private static final byte[] POINTER =
      "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

  private GitLfs() {}

  /**
   * Refuses a pointer in a file's place, whatever the file should be.
   *
   * @throws InvalidInputException naming the file and what fetches it
   */
  public static void requireContent(Path file) {
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(POINTER.length);
    } catch (IOException e) {
      return; // whoever reads the file says what is wrong with it
    }
    if (Arrays.equals(start, POINTER)) {
      throw new InvalidInputException(
          file + " is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'");
    }
  }
}
