package dev.whence.web;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.ask.AttributionAnswerer;
import dev.whence.ask.Job;
import dev.whence.ask.JobQueue;
import dev.whence.store.Library;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import dev.whence.tensor.Device;
import io.javalin.Javalin;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.http.NotFoundResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server of the explorer: each address to its page. */
public final class Explorer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Explorer.class);
  private static final int LARGEST_REQUEST = 512 << 10;
  private static final int MOST_RANK = 250;

  private final Library library;
  private final ModelDesk desk;
  private final JobQueue jobs;
  private final Guard guard;
  private final Pages pages = new Pages();
  private final Javalin server;
  private volatile boolean closing;
  private final Thread indexing =
      Thread.ofPlatform().daemon().name("indexing").unstarted(this::index);

  /**
   * Where the explorer serves, and the limits and folder of its questions.
   *
   * @param port 0 takes one that is free
   * @param questions the folder of questions and their answers
   * @param jobLimit how long the answer to a question may take
   */
  public record Settings(String host, int port, Path questions, Duration jobLimit, Device device) {
    /** Questions are answered on the CPU. */
    public Settings(String host, int port, Path questions, Duration jobLimit) {
      this(host, port, questions, jobLimit, Device.CPU);
    }
  }

  private Explorer(Library library, Settings settings) {
    this.library = library;
    this.guard = new Guard(settings.host);
    this.desk = new ModelDesk(settings.device);
    this.jobs =
        new JobQueue(settings.questions, settings.jobLimit, new AttributionAnswerer(library, desk));
    reopenAnswers();
    Questions questions = new Questions(library, desk, jobs, guard, pages);
    this.server =
        Javalin.create(config -> {
          config.startup.showJavalinBanner = false;
          config.startup.showOldJavalinVersionWarning = false;
          config.jetty.host = settings.host;
          config.jetty.port = settings.port;
          config.http.prefer405over404 = true;
          config.http.maxRequestSize = LARGEST_REQUEST;
          config.jetty.modifyHttpConfiguration(http -> http.setSendServerVersion(false));
          config.routes.before(guard::check);
          config.routes.get("/", this::overview);
          config.routes.get("/query", this::query);
          config.routes.get("/token", this::token);
          config.routes.get("/views", this::views);
          config.routes.get("/sequence", this::sequence);
          config.routes.get("/search", this::search);
          config.routes.get("/compare", this::compare);
          config.routes.get("/download", this::download);
          config.routes.get("/poster.svg", this::poster);
          config.routes.get("/ask", questions::ask);
          config.routes.post("/ask", questions::submit);
          config.routes.get("/job", questions::job);
          config.routes.get("/job/progress", questions::progress);
          config.routes.post("/job/cancel", questions::cancel);
          // Browsers ask for it beside pictures, which name no icon.
          config.routes.get("/favicon.ico", context -> context.status(204));
          config.routes.get("/explorer.css", context -> asset(context, "explorer.css", "text/css"));
          config.routes.get(
              "/explorer.js", context -> asset(context, "explorer.js", "text/javascript"));
          config.routes.exception(InvalidInputException.class, this::refuse);
          config.routes.exception(HttpResponseException.class, this::refuse);
          config.routes.exception(Exception.class, this::fail);
        });
  }

  /**
   * Checks that the address can be served from: before results are opened, which takes longer.
   *
   * @throws InvalidInputException when the port is taken or not allowed, or the address is not this
   *     machine's
   */
  public static void requireFree(String host, int port) {
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getByName(host))) {
      // closed at once
    } catch (UnknownHostException e) {
      throw new InvalidInputException(
          "--host is " + host + " but must be an address of this machine", e);
    } catch (IOException e) {
      throw unserved(host, port, e);
    }
  }

  private static InvalidInputException unserved(String host, int port, Exception cause) {
    return new InvalidInputException(
        "%s:%d cannot be served from (%s); give another --port"
            .formatted(host, port, cause.getMessage()),
        cause);
  }

  /**
   * Starts to serve.
   *
   * @param library closed with the explorer
   * @throws InvalidInputException when the port is taken
   */
  public static Explorer start(Library library, Settings settings) {
    Explorer explorer;
    try {
      explorer = new Explorer(library, settings);
    } catch (RuntimeException e) {
      library.close();
      throw e;
    }
    try {
      explorer.server.start();
    } catch (RuntimeException e) {
      explorer.close();
      throw unserved(settings.host, settings.port, e);
    }
    explorer.indexing.start();
    return explorer;
  }

  /** The address to open in a browser that reaches this machine as {@code host}. */
  public String address(String host) {
    String name = host.contains(":") ? "[" + host + "]" : host;
    String base = "http://" + name + ":" + server.port() + "/";
    return guard.token().map(token -> base + "?token=" + token).orElse(base);
  }

  /** Makes or opens the index of every corpus, so that ranks by BM25 can be shown. */
  private void index() {
    for (ResultsStore store : library.all()) {
      try {
        library.index(store, untilClosed());
      } catch (CancellationException _) {
        return;
      } catch (RuntimeException e) {
        LOG.warn("no ranks by BM25 for {}: {}", store.name(), e.getMessage());
      }
    }
  }

  /** A progress that cancels its work once the explorer is closed. */
  private Progress untilClosed() {
    return (_, _, _) ->
        _ -> {
          if (closing) {
            throw new CancellationException();
          }
        };
  }

  private void reopenAnswers() {
    for (Job job : jobs.all().reversed()) {
      if (job.state() == Job.State.DONE && library.find(AttributionAnswerer.name(job)).isEmpty()) {
        try {
          library.add(AttributionAnswerer.name(job), jobs.results(job.id()));
        } catch (InvalidInputException e) {
          LOG.warn("the answer to question {} cannot be shown: {}", job.id(), e.getMessage());
        }
      }
    }
  }

  private void overview(Context context) {
    pages.overview(context, OverviewPage.of(library));
  }

  private void query(Context context) {
    Parameters parameters = new Parameters(context);
    ResultsStore store = store(parameters);
    String id = query(parameters, store);
    List<String> others =
        library.all().stream()
            .filter(other -> !other.name().equals(store.name()))
            .filter(other -> ComparePage.shares(store, other, id))
            .map(ResultsStore::name)
            .toList();
    pages.query(
        context, QueryPage.of(library, store, QueryPage.View.of(parameters, store, id)), others);
  }

  private void token(Context context) {
    Parameters parameters = new Parameters(context);
    pages.token(
        context,
        TokenPage.of(library, desk, store(parameters), parameters.text("query"), span(parameters))
            .orElseThrow(
                () -> new NotFoundResponse("There are no influences of that word by itself")));
  }

  private static TokenPage.Span span(Parameters parameters) {
    int first = parameters.number("token", 0, 0, Integer.MAX_VALUE);
    return new TokenPage.Span(first, parameters.number("last", first, first, Integer.MAX_VALUE));
  }

  private void views(Context context) {
    Parameters parameters = new Parameters(context);
    ResultsStore store = store(parameters);
    pages.views(
        context,
        ViewsPage.of(
                store,
                library.trainingSequences(store),
                parameters.text("query"),
                parameters.number("rank", 1, Integer.MIN_VALUE, Integer.MAX_VALUE),
                parameters.ticked("compute") ? Optional.of(desk) : Optional.empty())
            .orElseThrow(() -> new NotFoundResponse("There is no such sequence")));
  }

  private void sequence(Context context) {
    Parameters parameters = new Parameters(context);
    OptionalLong place =
        parameters
            .given("place")
            .map(_ -> OptionalLong.of(parameters.number("place", 0, 0, Integer.MAX_VALUE)))
            .orElse(OptionalLong.empty());
    pages.sequence(
        context,
        SequencePage.of(
                library,
                store(parameters),
                parameters.text("document"),
                parameters.number("index", 0, 0, Integer.MAX_VALUE),
                place)
            .orElseThrow(() -> new NotFoundResponse("There is no such sequence")));
  }

  private void search(Context context) {
    Parameters parameters = new Parameters(context);
    pages.search(context, SearchPage.of(library, store(parameters), parameters.text("words")));
  }

  private void compare(Context context) {
    Parameters parameters = new Parameters(context);
    pages.compare(
        context,
        ComparePage.of(
            library.all(),
            library.find(parameters.text("left")),
            library.find(parameters.text("right")),
            parameters.text("query")));
  }

  private void download(Context context) {
    Parameters parameters = new Parameters(context);
    ResultsStore store = store(parameters);
    String id = query(parameters, store);
    Download.Format format =
        Download.Format.of(parameters.text("format"))
            .orElseThrow(() -> new BadRequestResponse("The formats are csv, json and parquet"));
    context.contentType(format.mediaType());
    context.header(
        "Content-Disposition", "attachment; filename=\"influences." + format.extension() + "\"");
    context.result(Download.of(store, id, format));
  }

  private void poster(Context context) {
    Parameters parameters = new Parameters(context);
    ResultsStore store = store(parameters);
    QueryPage.View view = QueryPage.View.of(parameters, store, query(parameters, store));
    Optional<Integer> rank =
        parameters
            .given("rank")
            .map(_ -> parameters.number("rank", 1, Integer.MIN_VALUE, Integer.MAX_VALUE));
    Poster poster =
        Poster.of(
                QueryPage.of(
                    library,
                    store,
                    rank.filter(r -> Math.abs((long) r) <= MOST_RANK)
                        .map(r -> view.withCount(2 * Math.abs(r)))
                        .orElse(view)),
                store.folder().manifest().setting("curvature"),
                rank)
            .orElseThrow(() -> new NotFoundResponse("There is no such sequence"));
    context.contentType("image/svg+xml");
    context.header("Content-Disposition", "inline; filename=\"whence.svg\"");
    context.result(pages.poster(poster));
  }

  /** The id of the requested query, which these results have. */
  private static String query(Parameters parameters, ResultsStore store) {
    String id = parameters.text("query");
    if (store.query(id).isEmpty()) {
      throw new NotFoundResponse("These results have no such query");
    }
    return id;
  }

  private ResultsStore store(Parameters parameters) {
    return library
        .find(parameters.text("results"))
        .orElseThrow(() -> new NotFoundResponse("No such results are open"));
  }

  private static void asset(Context context, String name, String type) {
    context.contentType(type);
    context.result(Asset.read(name));
  }

  private void refuse(InvalidInputException e, Context context) {
    context.status(400);
    pages.error(context, String.valueOf(e.getMessage()));
  }

  private void refuse(HttpResponseException e, Context context) {
    context.status(e.getStatus());
    pages.error(context, said(e, context));
  }

  /** Javalin's own messages are for programmers. */
  private static String said(HttpResponseException e, Context context) {
    if (e instanceof MethodNotAllowedResponse) {
      return "This address answers to other requests than " + context.method() + ".";
    }
    return e instanceof NotFoundResponse && String.valueOf(e.getMessage()).startsWith("Endpoint")
        ? "There is no page of this name; the link may be from another version."
        : String.valueOf(e.getMessage());
  }

  private void fail(Exception e, Context context) {
    LOG.error("{} failed", context.path(), e);
    context.status(500);
    pages.error(
        context, "Something went wrong; the terminal where 'whence explore' runs says what");
  }

  @Override
  public void close() {
    closing = true;
    server.stop();
    try {
      indexing.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    jobs.close();
    desk.close();
    library.close();
  }
}
