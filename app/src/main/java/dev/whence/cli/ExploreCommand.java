package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.store.Library;
import dev.whence.web.Explorer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Serves the explorer. */
@Command(
    name = "explore",
    description = "Look at results in a browser, and ask about other outputs.",
    footer = {
      "",
      "Example: whence explore quickstart/results",
      "Pages are served to this machine alone unless --host says otherwise; then they need the token",
      "in the address that is printed. Results are never changed."
    },
    mixinStandardHelpOptions = true)
final class ExploreCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "RESULTS",
      description = "Folders that 'whence attribute' wrote.")
  private List<Path> folders = List.of();

  @Option(
      names = "--index",
      arity = "1..*",
      paramLabel = "INDEX",
      description =
          "Influence indexes, by which questions are answered at once (default: the folder 'index'"
              + " beside results).")
  private List<Path> indexes = List.of();

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "The address to serve from (default: 127.0.0.1).")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8077",
      description = "The port; 0 takes a free one (default: 8077).")
  private int port;

  @Option(
      names = "--asked",
      paramLabel = "FOLDER",
      defaultValue = "asked",
      description =
          "Where questions asked in the browser and their answers are kept (default: asked).")
  private Path asked = Path.of("asked");

  @Option(
      names = "--job-minutes",
      paramLabel = "N",
      defaultValue = "120",
      description = "How long a question may take (default: 120).")
  private int jobMinutes;

  @Mixin private TrainingSequencesOption trainingSequences = new TrainingSequencesOption();
  @Mixin private DeviceOption device = new DeviceOption();
  @Mixin private CacheOption cache = new CacheOption();

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65_535) {
      throw new InvalidInputException("--port is " + port + " but must be from 0 to 65535");
    }
    if (jobMinutes < 1) {
      throw new InvalidInputException("--job-minutes is " + jobMinutes + " but must be at least 1");
    }
    Explorer.requireFree(host, port);
    Optional<Long> sequences = trainingSequences.given();
    Library library = new Library(cache.folder());
    sequences.ifPresent(library::setTrainingSequences);
    try {
      indexes.forEach(library::addIndex); // first: these are preferred to what lies beside results
      folders.forEach(library::open);
    } catch (RuntimeException e) {
      library.close();
      throw e;
    }
    try (Explorer explorer =
        Explorer.start(
            library,
            new Explorer.Settings(
                host, port, asked, Duration.ofMinutes(jobMinutes), device.device()))) {
      System.out.println("Open " + explorer.address(reachable(host)) + " (Ctrl-C ends it)");
      System.out.flush();
      new CountDownLatch(1).await(); // until the process is stopped
    }
    return 0;
  }

  /** A name under which this machine is reached at an address; "all of them" is none. */
  private static String reachable(String host) {
    try {
      return InetAddress.getByName(host).isAnyLocalAddress()
          ? InetAddress.getLocalHost().getHostAddress()
          : host;
    } catch (UnknownHostException e) {
      throw new InvalidInputException(
          "--host is " + host + " but must be an address of this machine", e);
    }
  }
}
