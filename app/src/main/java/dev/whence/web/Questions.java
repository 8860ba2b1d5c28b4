package dev.whence.web;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.ask.AttributionAnswerer;
import dev.whence.ask.Estimates;
import dev.whence.ask.Job;
import dev.whence.ask.JobQueue;
import dev.whence.ask.Question;
import dev.whence.corpus.QueryFile;
import dev.whence.curvature.CurvatureKind;
import dev.whence.model.Generation;
import dev.whence.store.CorpusText;
import dev.whence.store.Library;
import dev.whence.store.ModelDesk;
import dev.whence.store.ResultsStore;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.NotFoundResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The pages on which questions are asked, watched and cancelled. */
record Questions(Library library, ModelDesk desk, JobQueue jobs, Guard guard, Pages pages) {
  private static final int COMPLETION_TOKENS = 48;
  private static final Duration COMPLETION_TIME = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  void ask(Context context) {
    Parameters parameters = new Parameters(context);
    String first = library.all().isEmpty() ? "" : library.all().getFirst().name();
    String results = parameters.given("results").orElse(first);
    boolean indexed = library.find(results).map(library::hasInfluenceIndex).orElse(false);
    AskPage.Fields usual = AskPage.Fields.usual(results, indexed);
    AskPage.Fields fields =
        parameters
            .given("from")
            .flatMap(jobs::status)
            .map(status -> AskPage.Fields.of(status.job().question()))
            .orElse(usual);
    pages.ask(
        context, askPage(parameters.ticked("all") ? fields.ofAllSequences() : fields, "", false));
  }

  private AskPage askPage(AskPage.Fields fields, String problem, boolean glued) {
    return new AskPage(
        library.all().stream()
            .filter(store -> !AttributionAnswerer.isAnswer(store))
            .map(ResultsStore::name)
            .toList(),
        library.all().stream().anyMatch(library::hasInfluenceIndex),
        kinds(),
        fields,
        problem,
        glued,
        jobs.all().stream().map(j -> new AskPage.Row(j, JobPage.address(j.id()))).toList(),
        guard.formToken());
  }

  void submit(Context context) {
    AskPage.Fields fields =
        new AskPage.Fields(
            form(context, "results"),
            form(context, "prompt"),
            form(context, "completion"),
            form(context, "curvature"),
            form(context, "damping-ratio"),
            form(context, "candidates"),
            form(context, "rerank"),
            form(context, "top"));
    try {
      if (context.formParam("complete") != null) {
        pages.ask(context, askPage(fields.withCompletion(complete(fields)), "", false));
        return;
      }
      Question question = question(fields);
      requireFeasible(question, store(fields));
      if (question.isGlued() && context.formParam("glued") == null) {
        pages.ask(context, askPage(fields, "", true));
        return;
      }
      Job job = jobs.ask(question);
      context.redirect(JobPage.address(job.id()).text(), HttpStatus.SEE_OTHER);
    } catch (InvalidInputException e) {
      context.status(400);
      pages.ask(context, askPage(fields, String.valueOf(e.getMessage()), false));
    }
  }

  /** The curvatures that any of the open results' runs was fitted for. */
  private List<String> kinds() {
    List<String> fitted =
        library.all().stream()
            .filter(store -> !AttributionAnswerer.isAnswer(store))
            .flatMap(store -> library.fittedCurvatures(store).stream())
            .distinct()
            .toList();
    return fitted.isEmpty()
        ? Arrays.stream(CurvatureKind.values()).map(CurvatureKind::toString).toList()
        : fitted;
  }

  /** Refuses on the form what would fail later. */
  private void requireFeasible(Question question, ResultsStore store) {
    List<String> fitted = library.fittedCurvatures(store);
    String wanted = question.curvature().toString();
    if (!fitted.isEmpty() && !fitted.contains(wanted)) {
      throw new InvalidInputException(
          "The run of %s was fitted for %s, not for %s"
              .formatted(store.name(), String.join(" and ", fitted), wanted));
    }
    library
        .corpus(store)
        .flatMap(CorpusText::tokenizer)
        .ifPresent(tokenizer ->
            QueryFile.typed(
                "question",
                question.prompt(),
                question.completion(),
                tokenizer,
                library.maximumPositions(store)));
  }

  private static String form(Context context, String name) {
    String value = context.formParam(name);
    return value == null ? "" : value.replace("\r\n", "\n");
  }

  private Question question(AskPage.Fields fields) {
    ResultsStore store = store(fields);
    try {
      return new Question(
          fields.results(),
          AttributionAnswerer.origin(store),
          fields.prompt(),
          fields.completion(),
          CurvatureKind.valueOf(fields.curvature().toUpperCase(Locale.ROOT)),
          Double.parseDouble(fields.dampingRatio()),
          Integer.parseInt(fields.candidates().strip()),
          rerank(fields, store),
          Integer.parseInt(fields.top().strip()));
    } catch (NumberFormatException e) {
      throw new InvalidInputException("Damping, candidates and sequences are numbers", e);
    } catch (InvalidInputException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("The methods are ekfac, kfac, diagonal and identity", e);
    }
  }

  /**
   * What the form has at first does not count where it cannot: without an index, or beside
   * candidates.
   */
  private int rerank(AskPage.Fields fields, ResultsStore store) {
    boolean byTerms = !fields.candidates().strip().equals("0");
    return byTerms || fields.rerank().isBlank() || !library.hasInfluenceIndex(store)
        ? 0
        : Integer.parseInt(fields.rerank().strip());
  }

  private ResultsStore store(AskPage.Fields fields) {
    return library
        .find(fields.results())
        .orElseThrow(() -> new InvalidInputException("Choose one of the results that are open"));
  }

  /** The model's own completion of the prompt, by greedy decoding. */
  private String complete(AskPage.Fields fields) {
    if (fields.prompt().isBlank() || fields.prompt().length() > Question.LONGEST) {
      throw new InvalidInputException(
          "Type a prompt of at most %,d characters first".formatted(Question.LONGEST));
    }
    ResultsStore store = store(fields);
    return desk.with(
        store,
        PATIENCE,
        loaded ->
            Generation.greedy(
                loaded.model(),
                loaded
                    .folder()
                    .tokenizer()
                    .orElseThrow(
                        () -> new InvalidInputException("The model has no tokenizer.json")),
                fields.prompt(),
                COMPLETION_TOKENS,
                COMPLETION_TIME));
  }

  void job(Context context) {
    JobQueue.Status status = status(context);
    pages.job(context, new JobPage(status, estimates(status), guard.formToken()));
  }

  private Optional<Estimates> estimates(JobQueue.Status status) {
    return Estimates.beside(jobs.results(status.job().id()));
  }

  private JobQueue.Status status(Context context) {
    return jobs.status(new Parameters(context).text("id"))
        .orElseThrow(() -> new NotFoundResponse("There is no such question"));
  }

  void progress(Context context) {
    JobQueue.Status status = status(context);
    context.contentType("application/json");
    context.result(
        Json.MAPPER.writeValueAsString(
            Map.of(
                "over",
                status.job().state().isOver(),
                "state",
                new JobPage(status, Optional.empty(), "").state(),
                "estimates",
                estimates(status).isPresent(),
                "done",
                status.done(),
                "total",
                status.total(),
                "unit",
                status.unit(),
                "seconds_left",
                status.secondsLeft().orElse(-1))));
  }

  void cancel(Context context) {
    String id = form(context, "id");
    jobs.cancel(id);
    context.redirect(JobPage.address(id).text(), HttpStatus.SEE_OTHER);
  }
}
