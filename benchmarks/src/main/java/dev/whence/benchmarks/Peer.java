package dev.whence.benchmarks;

import dev.whence.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;

/** A peer in a process of its own, driven a JSON line at a time: see benchmarks/peers. */
final class Peer implements Contender, AutoCloseable {
  private static final ObjectWriter LINE =
      Json.MAPPER.writer().without(SerializationFeature.INDENT_OUTPUT);

  private final Path folder;
  private final int batch;
  private final Process process;
  private final BufferedReader answers;
  private final Writer requests;

  /**
   * Starts the peer and waits until it is ready.
   *
   * @param command words, such as {@code python kronfluence_peer.py}
   * @param options of the peer, such as {@code --device cuda:0}
   */
  Peer(List<String> command, Path folder, int batch, String... options) throws IOException {
    this.folder = folder;
    this.batch = batch;
    List<String> words = new ArrayList<>(command);
    words.add(folder.resolve("model").toString());
    words.addAll(List.of(options));
    this.process =
        new ProcessBuilder(words).redirectError(folder.resolve("peer.log").toFile()).start();
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    answer();
  }

  @Override
  public Map<Phase, Double> fit(Job job, boolean empirical) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("corpus", folder.resolve("corpus.jsonl").toString());
    data.put("first", 0);
    data.put("count", job.fit());
    data.put("batch", batch);
    data.put("empirical", empirical);
    double covariance = seconds(ask("covariance", data), "compute_seconds");
    double eigen = seconds(ask("eigendecomposition", Map.of()), "compute_seconds");
    double lambda = seconds(ask("lambda", data), "compute_seconds");
    return Map.of(
        Phase.COVARIANCE, covariance, Phase.EIGENDECOMPOSITION, eigen, Phase.LAMBDA, lambda);
  }

  @Override
  public Map<Phase, Double> score(Job job, Path scores) {
    return score(job, scores, 0);
  }

  /**
   * Scores the corpus, so many batches of queries to a pass.
   *
   * @param accumulate batches of queries to a pass: 1 is the peer's default, 0 all
   */
  Map<Phase, Double> score(Job job, Path scores, int accumulate) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("corpus", folder.resolve("corpus.jsonl").toString());
    data.put("first", 0);
    data.put("count", job.scan());
    data.put("batch", batch);
    data.put("queries", folder.resolve("queries.jsonl").toString());
    data.put("query_count", job.queries());
    data.put("rank", job.rank());
    data.put("accumulate", accumulate);
    data.put("out", scores.toString());
    JsonNode answer = ask("scan", data);
    return Map.of(
        Phase.PRECONDITION, seconds(answer, "precondition_seconds"),
        Phase.SCAN, seconds(answer, "scan_seconds"));
  }

  private static double seconds(JsonNode answer, String name) {
    return answer.required(name).asDouble();
  }

  private JsonNode ask(String what, Map<String, ?> data) {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("do", what);
    request.putAll(data);
    try {
      requests.write(LINE.writeValueAsString(request) + "\n");
      requests.flush();
      return answer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the peer ended; see " + folder.resolve("peer.log"));
    }
    JsonNode answer = Json.MAPPER.readTree(line);
    if (answer.has("error")) {
      throw new IOException("the peer: " + answer.get("error").asString());
    }
    return answer;
  }

  @Override
  public void close() {
    try {
      requests.close(); // the end of its input is the end of the peer
      process.waitFor();
    } catch (IOException e) {
      process.destroy();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
    }
  }
}
