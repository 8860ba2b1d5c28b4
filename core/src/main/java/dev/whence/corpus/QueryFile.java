package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.FileFormat.Content;
import dev.whence.corpus.JsonLine.Value;
import dev.whence.corpus.Lines.Line;
import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads queries by the rules that hold for a corpus: a JSON line each, {@code {"id", "prompt",
 * "completion"}} or {@code {"id", "prompt_tokens", "completion_tokens"}}.
 */
public final class QueryFile {
  private static final String PROMPT_TOKENS = "prompt_tokens";
  private static final String COMPLETION_TOKENS = "completion_tokens";
  private static final Set<String> FIELDS =
      Set.of("id", "prompt", "completion", PROMPT_TOKENS, COMPLETION_TOKENS);

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
    if (FileFormat.of(file).filter(f -> f.content() == Content.PARQUET).isPresent()) {
      throw new InvalidInputException(
          file + " is no file of JSON lines, which queries are; give .jsonl (also .gz or .zst)");
    }
    if (!Files.exists(file)) {
      throw new InvalidInputException(file + " does not exist");
    }
    FileFormat format = new FileFormat(Content.JSON_LINES, FileFormat.compressionOf(file));
    CorpusFile lined = new CorpusFile(file, FileFormat.nameOf(file), format);
    try (InputStream in = new CorpusStream(lined, Progress.NONE.begin("", 0, ""))) {
      Lines lines = new Lines(in, Lines.MAXIMUM_BYTES);
      for (Optional<Line> next = lines.next(); next.isPresent(); next = lines.next()) {
        long number = next.get().number();
        switch (next.get()) {
          case Line.Bad bad -> throw invalid(number, bad.reason());
          case Line.Good good when good.text().isBlank() -> {}
          case Line.Good good -> {
            Query query = parse(good.text(), number);
            if (!ids.add(query.id())) {
              throw invalid(number, "it repeats the id '" + query.id() + "'");
            }
            queries.add(query);
          }
        }
      }
      return queries;
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  private Query parse(String line, long number) {
    Query query;
    try {
      JsonLine object = JsonLine.read(line, FIELDS);
      String id = object.id().orElse("query-" + number);
      query = isOfText(object, number) ? ofText(id, object, number) : ofTokens(id, object, number);
    } catch (MalformedDocumentException e) {
      throw invalid(number, e.reason());
    }
    if (query.completionTokens().length == 0 || query.tokens().length <= query.firstScored()) {
      throw invalid(number, "it has a completion without a token to predict");
    }
    if (query.tokens().length > maximumLength) {
      throw invalid(
          number,
          "it has %d tokens, but the model takes %d"
              .formatted(query.tokens().length, maximumLength));
    }
    return query;
  }

  /**
   * Whether a query is text. What is called as the tokens are may be a count beside it, as OpenAI's
   * logs have: then the text decides, as in a corpus.
   */
  private boolean isOfText(JsonLine object, long number) {
    boolean text = object.get("completion").orElse(null) instanceof Value.Text;
    boolean tokens = object.get(COMPLETION_TOKENS).orElse(null) instanceof Value.Integers;
    if (text && tokens) {
      throw invalid(
          number, "it has both \"completion\" and \"" + COMPLETION_TOKENS + "\"; keep one");
    }
    return text || !object.has(COMPLETION_TOKENS);
  }

  private Query ofText(String id, JsonLine object, long number) {
    if (!(object.get("prompt").orElse(null) instanceof Value.Text(String prompt))
        || !(object.get("completion").orElse(null) instanceof Value.Text(String completion))) {
      throw invalid(
          number,
          "it needs \"prompt\" and \"completion\", or \"prompt_tokens\" and"
              + " \"completion_tokens\"; it has "
              + (object.isEmpty() ? "nothing" : object.names()));
    }
    Query query =
        of(
            id,
            prompt,
            completion,
            tokenizer.orElseThrow(() ->
                invalid(number, "it has text, but the model has no tokenizer.json; give tokens")));
    for (int token : query.tokens()) {
      if (token >= vocabularySize) { // the tokenizer may know more than the model
        throw outsideVocabulary(number, token);
      }
    }
    return query;
  }

  /** A query of text. */
  public static Query of(String id, String prompt, String completion, Tokenizer tokenizer) {
    Tokenizer.Completion tokens = tokenizer.encode(prompt, completion);
    return new Query(id, tokens.prompt(), tokens.completion(), prompt, completion);
  }

  /**
   * A query of text that somebody typed.
   *
   * @param longest how many tokens the model takes
   * @throws InvalidInputException when there is nothing to predict, or too much to read
   */
  public static Query typed(
      String id, String prompt, String completion, Tokenizer tokenizer, int longest) {
    Query query = of(id, prompt, completion, tokenizer);
    if (query.tokens().length <= query.firstScored()) {
      throw new InvalidInputException("The completion has no token to predict");
    }
    if (query.tokens().length > longest) {
      throw new InvalidInputException(
          "Prompt and completion have %d tokens, but the model takes %d"
              .formatted(query.tokens().length, longest));
    }
    return query;
  }

  private Query ofTokens(String id, JsonLine object, long number) {
    int[] prompt = tokens(object, PROMPT_TOKENS, number);
    int[] completion = tokens(object, COMPLETION_TOKENS, number);
    return new Query(id, prompt, completion, text(prompt), text(completion));
  }

  private int[] tokens(JsonLine object, String name, long number) {
    return switch (object.get(name).orElse(null)) {
      case Value.Integers(int[] tokens) -> {
        for (int token : tokens) {
          if (token < 0 || token >= vocabularySize) {
            throw outsideVocabulary(number, token);
          }
        }
        yield tokens;
      }
      case Value.Other(String what) when what.startsWith("a list") ->
          throw invalid(number, "\"%s\" is %s, which is no token id".formatted(name, what));
      case null, default ->
          throw invalid(number, "it needs \"" + name + "\" as an array of token ids");
    };
  }

  private String text(int[] tokens) {
    return tokenizer
        .map(t -> t.decode(tokens))
        .orElseGet(
            () -> Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.joining(" ")));
  }

  private InvalidInputException outsideVocabulary(long line, int token) {
    return invalid(
        line, "it has the token " + token + ", outside the vocabulary of " + vocabularySize);
  }

  private InvalidInputException invalid(long line, String what) {
    return new InvalidInputException("%s line %d: %s".formatted(file, line, what));
  }
}
