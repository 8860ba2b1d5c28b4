package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads queries: a JSON line each, {@code {"id", "prompt", "completion"}} or {@code {"id",
 * "prompt_tokens", "completion_tokens"}}.
 */
public final class QueryFile {
  private final Path file;
  private final Optional<Tokenizer> tokenizer;
  private final int vocabularySize;
  private final int maximumLength;

  private QueryFile(
      Path file, Optional<Tokenizer> tokenizer, int vocabularySize, int maximumLength) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.maximumLength = maximumLength;
  }

  /**
   * Reads all queries of a file.
   *
   * @param tokenizer needed for queries of text
   * @param maximumLength how many tokens the model takes
   * @throws InvalidInputException naming the file and the line
   */
  public static List<Query> read(
      Path file, Optional<Tokenizer> tokenizer, int vocabularySize, int maximumLength) {
    List<Query> queries = new QueryFile(file, tokenizer, vocabularySize, maximumLength).readAll();
    if (queries.isEmpty()) {
      throw new InvalidInputException(file + " has no queries; give one JSON object a line");
    }
    return queries;
  }

  private List<Query> readAll() {
    List<Query> queries = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    try (var reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        Query query = parse(line, number);
        if (!ids.add(query.id())) {
          throw invalid(number, "repeats the id '" + query.id() + "'");
        }
        queries.add(query);
      }
      return queries;
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + " does not exist", e);
    } catch (MalformedInputException e) {
      throw new InvalidInputException(file + " is not UTF-8 text", e);
    } catch (IOException e) {
      throw AtomicFile.failed("read", file, e);
    }
  }

  private Query parse(String line, int number) {
    JsonNode node;
    try {
      node = Json.MAPPER.readTree(line);
    } catch (JacksonException e) {
      throw invalid(number, "is not valid JSON: " + e.getOriginalMessage());
    }
    if (!node.isObject()) {
      throw invalid(number, "is not a JSON object");
    }
    String id = node.hasNonNull("id") ? node.path("id").asString("") : "query-" + number;
    Query query =
        node.has("completion_tokens") ? ofTokens(id, node, number) : ofText(id, node, number);
    if (query.completionTokens().length == 0 || query.tokens().length <= query.firstScored()) {
      throw invalid(number, "has a completion without a token to predict");
    }
    if (query.tokens().length > maximumLength) {
      throw invalid(
          number,
          "has %d tokens, but the model takes %d".formatted(query.tokens().length, maximumLength));
    }
    return query;
  }

  private Query ofText(String id, JsonNode node, int number) {
    if (!node.path("prompt").isString() || !node.path("completion").isString()) {
      throw invalid(
          number,
          "needs \"prompt\" and \"completion\", or \"prompt_tokens\" and \"completion_tokens\"");
    }
    String prompt = node.path("prompt").asString();
    String completion = node.path("completion").asString();
    Query query =
        of(
            id,
            prompt,
            completion,
            tokenizer.orElseThrow(() ->
                invalid(number, "has text, but the model has no tokenizer.json; give tokens")));
    for (int token : query.tokens()) {
      if (token >= vocabularySize) { // the tokenizer may know more than the model
        throw outsideVocabulary(number, "" + token);
      }
    }
    return query;
  }

  /** A query of text. */
  public static Query of(String id, String prompt, String completion, Tokenizer tokenizer) {
    Tokenizer.Completion tokens = tokenizer.encode(prompt, completion);
    return new Query(id, tokens.prompt(), tokens.completion(), prompt, completion);
  }

  private Query ofTokens(String id, JsonNode node, int number) {
    int[] prompt = tokens(node.path("prompt_tokens"), "prompt_tokens", number);
    int[] completion = tokens(node.path("completion_tokens"), "completion_tokens", number);
    return new Query(id, prompt, completion, text(prompt), text(completion));
  }

  private int[] tokens(JsonNode array, String name, int number) {
    if (!array.isArray()) {
      throw invalid(number, "needs \"" + name + "\" as an array of token ids");
    }
    int[] tokens = new int[array.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode token = array.get(i);
      if (!token.isIntegralNumber()
          || !token.canConvertToInt()
          || token.asInt() < 0
          || token.asInt() >= vocabularySize) {
        throw outsideVocabulary(number, token.toString());
      }
      tokens[i] = token.asInt();
    }
    return tokens;
  }

  private String text(int[] tokens) {
    return tokenizer
        .map(t -> t.decode(tokens))
        .orElseGet(
            () -> Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.joining(" ")));
  }

  private InvalidInputException outsideVocabulary(int line, String token) {
    return invalid(
        line, "has the token " + token + ", outside the vocabulary of " + vocabularySize);
  }

  private InvalidInputException invalid(int line, String what) {
    return new InvalidInputException(file + " line " + line + " " + what);
  }
}
