package dev.whence.folder;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps a folder for one writer at a time, among processes and within this one. The operating
 * system gives it back when the process ends, however it ends.
 */
public final class FolderLock implements AutoCloseable {
  /** The file that is locked; it may stay behind and means nothing then. */
  public static final String NAME = "lock";

  /** File locks hold between processes alone: threads of this one take turns here first. */
  private static final ReentrantLock IN_THIS_PROCESS = new ReentrantLock();

  /**
   * Folders that this process holds. They are looked up before a lock file is opened: closing any
   * channel to a file gives up the process's lock on it.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private FolderLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Takes a folder, which is made if it is not there, unless another writer has it.
   *
   * @return empty when it is taken
   * @throws IOException when the folder cannot be written
   */
  public static Optional<FolderLock> tryTake(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path real = folder.toRealPath();
    if (!HELD.add(real)) {
      return Optional.empty();
    }
    boolean taken = false;
    FileChannel channel = null;
    try {
      channel = open(real.resolve(NAME));
      taken = channel.tryLock() != null;
      return taken ? Optional.of(new FolderLock(real, channel)) : Optional.empty();
    } catch (OverlappingFileLockException _) {
      return Optional.empty(); // another class loader's copy of this class has it
    } finally {
      if (!taken) {
        HELD.remove(real);
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  /** What is done while no other writer is at work. */
  @FunctionalInterface
  public interface Work {
    void run() throws IOException;
  }

  /**
   * Waits for a file's lock, does some work and gives the lock back.
   *
   * @param file made if it is not there
   */
  public static void whileHolding(Path file, Work work) throws IOException {
    IN_THIS_PROCESS.lock();
    try (FileChannel channel = open(file);
        FileLock _ = channel.lock()) {
      work.run();
    } finally {
      IN_THIS_PROCESS.unlock();
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Gives the folder back; a second time does nothing. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw AtomicFile.failed("release", folder, e);
    } finally {
      HELD.remove(folder);
    }
  }
}
