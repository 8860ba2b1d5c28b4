package dev.whence.folder;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  @TempDir private Path temporary;

  @Test
  void aFolderIsForOneAtATime() throws IOException {
    Path folder = temporary.resolve("new");
    FolderLock first = FolderLock.tryTake(folder).orElseThrow();
    Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
    try (first) {
      assertThat(FolderLock.tryTake(folder)).isEmpty();
      assertThat(FolderLock.tryTake(link)).as("by another name").isEmpty();
    }
    Optional<FolderLock> second = FolderLock.tryTake(folder);
    assertThat(second).isPresent();
    first.close(); // again: it is the second's now
    assertThat(FolderLock.tryTake(folder)).isEmpty();
    second.orElseThrow().close();
  }

  /** Closing any channel to a locked file frees it for other processes, on Linux. */
  @Test
  void aRefusalLeavesTheLockToItsOwner() throws Exception {
    Path folder = temporary.resolve("new");
    try (FolderLock _ = FolderLock.tryTake(folder).orElseThrow()) {
      assertThat(FolderLock.tryTake(folder)).isEmpty();
      assertThat(anotherProcessLocks(folder.resolve(FolderLock.NAME))).isFalse();
    }
    assertThat(anotherProcessLocks(folder.resolve(FolderLock.NAME))).isTrue();
  }

  private static boolean anotherProcessLocks(Path file) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "-cp",
                System.getProperty("java.class.path"),
                Locker.class.getName(),
                file.toString())
            .inheritIO()
            .start();
    return process.waitFor() == 0;
  }

  /** Exits with 0 when it gets the lock. */
  static final class Locker {
    private Locker() {}

    public static void main(String[] arguments) throws IOException {
      try (FileChannel channel =
          FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
        System.exit(channel.tryLock() == null ? 1 : 0);
      }
    }
  }
}
