package dev.whence.web;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;

/** Writes pages with the templates in {@code src/main/jte}. */
final class Pages {
  private final TemplateEngine engine = TemplateEngine.createPrecompiled(ContentType.Html);

  void overview(Context context, OverviewPage page) {
    write(context, "overview", Map.of("page", page));
  }

  void query(Context context, QueryPage page, List<String> others) {
    write(context, "query", Map.of("page", page, "others", others));
  }

  void token(Context context, TokenPage page) {
    write(context, "token", Map.of("page", page));
  }

  void views(Context context, ViewsPage page) {
    write(context, "views", Map.of("page", page));
  }

  void sequence(Context context, SequencePage page) {
    write(context, "sequence", Map.of("page", page));
  }

  void search(Context context, SearchPage page) {
    write(context, "search", Map.of("page", page));
  }

  void compare(Context context, ComparePage page) {
    write(context, "compare", Map.of("page", page));
  }

  void ask(Context context, AskPage page) {
    write(context, "ask", Map.of("page", page));
  }

  void job(Context context, JobPage page) {
    write(context, "job", Map.of("page", page));
  }

  void error(Context context, String message) {
    write(context, "error", Map.of("status", context.statusCode(), "message", message));
  }

  /** Renders a chart as an SVG file. */
  String plot(Chart chart) {
    return render("plot", Map.of("chart", chart));
  }

  /** Renders a poster as an SVG file. */
  String poster(Poster poster) {
    return render("poster", Map.of("poster", poster));
  }

  /** Renders a report as an HTML file. */
  String report(ReportPage page) {
    return render("report", Map.of("page", page));
  }

  private void write(Context context, String template, Map<String, Object> parameters) {
    context.html(render(template, parameters));
  }

  private String render(String template, Map<String, Object> parameters) {
    StringOutput output = new StringOutput();
    engine.render(template + ".jte", parameters, output);
    return Neutral.html(output.toString());
  }
}
