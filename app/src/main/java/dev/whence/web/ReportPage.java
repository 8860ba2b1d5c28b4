package dev.whence.web;

import dev.whence.InvalidInputException;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.Hashes;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * The report: chosen queries in one self-contained HTML file.
 *
 * @param policy the content security policy, which allows nothing but the file's own style
 */
public record ReportPage(
    OverviewPage.Results results, List<QueryPage> queries, String style, String policy) {

  private static final int MOST_QUERIES = 200;

  /**
   * Writes a report.
   *
   * @param ids the ids of the queries; all when it is empty
   * @param count how many sequences that raise each query are shown; half as many that lower it
   * @throws InvalidInputException when there is no query of an id
   */
  public static void write(
      Library library, ResultsStore store, List<String> ids, int count, Path out) {
    List<String> chosen =
        ids.isEmpty() ? store.queries().stream().map(StoredQuery::id).toList() : ids;
    for (String id : chosen) {
      store.folder().requireQuery(id);
    }
    if (chosen.size() > MOST_QUERIES) {
      throw new InvalidInputException(
          "%s has %d queries, and a report at most %d; choose some with --query"
              .formatted(store.folder().path(), chosen.size(), MOST_QUERIES));
    }
    String style = new String(Asset.read("explorer.css"), StandardCharsets.UTF_8);
    ReportPage page =
        new ReportPage(
            OverviewPage.results(store),
            chosen.stream()
                .map(id ->
                    QueryPage.of(library, store, QueryPage.View.usual(store, id).withCount(count)))
                .toList(),
            style,
            "default-src 'none'; style-src 'sha256-" + hash(style) + "'");
    try {
      AtomicFile.write(out, new Pages().report(page));
    } catch (IOException e) {
      throw AtomicFile.failed("write", out, e);
    }
  }

  private static String hash(String text) {
    return Base64.getEncoder()
        .encodeToString(Hashes.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
