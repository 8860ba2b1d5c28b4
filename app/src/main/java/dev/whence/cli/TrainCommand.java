package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.Hashes;
import dev.whence.folder.Provenance;
import dev.whence.lab.training.Trainer;
import dev.whence.lab.training.TrainingSettings;
import dev.whence.model.LanguageModel;
import dev.whence.store.TrainingSize;
import dev.whence.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a language model. */
@Command(
    name = "train",
    description = "Train a language model on a corpus, from scratch or from a checkpoint.",
    footer = {
      "",
      "Example: whence train --config config.json --tokenizer tokenizer.json \\",
      "           --corpus dictionary.jsonl --out model --epochs 10",
      "A run that was interrupted goes on from its last checkpoint when started again."
    },
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
  /** Where the weights begin. */
  static final class Start {
    @Option(
        names = "--config",
        paramLabel = "FILE",
        required = true,
        description = "Start from random weights for this config.json.")
    private Optional<Path> config = Optional.empty();

    @Option(
        names = "--from",
        paramLabel = "MODEL",
        required = true,
        description = "Start from this checkpoint folder.")
    private Optional<Path> checkpoint = Optional.empty();
  }

  @ArgGroup(multiplicity = "1")
  private Start start = new Start();

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "The tokenizer.json (default: that of --from, if it has one).")
  private Optional<Path> tokenizer = Optional.empty();

  @Mixin private CorpusOptions corpus = new CorpusOptions();

  @Option(names = "--out", paramLabel = "FOLDER", required = true, description = "The new model.")
  private Path out = Path.of("model");

  @Option(names = "--sequence-length", defaultValue = "512", description = "Default: 512 tokens.")
  private int sequenceLength;

  @Option(names = "--epochs", defaultValue = "10", description = "Default: 10.")
  private int epochs;

  @Option(names = "--batch-tokens", defaultValue = "4096", description = "Default: 4096.")
  private int batchTokens;

  @Option(names = "--learning-rate", defaultValue = "0.001", description = "Default: 0.001.")
  private double learningRate;

  @Option(
      names = "--warmup",
      defaultValue = "0.02",
      description = "Share of the steps in which the rate rises (default: 0.02).")
  private double warmup;

  @Option(
      names = "--final-rate",
      defaultValue = "0.05",
      description = "Share of the rate at which the cosine ends (default: 0.05).")
  private double finalRate;

  @Option(names = "--weight-decay", defaultValue = "0.1", description = "Default: 0.1.")
  private double weightDecay;

  @Option(names = "--clip", defaultValue = "1", description = "Largest gradient norm (default: 1).")
  private double clip;

  @Option(
      names = "--held-out",
      defaultValue = "0.01",
      description = "Share of sequences to measure and never train on (default: 0.01).")
  private double heldOut;

  @Option(names = "--seed", defaultValue = "0", description = "Default: 0.")
  private long seed;

  @Option(names = "--dtype", defaultValue = "float32", description = "float32 or float64.")
  private DType type = DType.FLOAT32;

  @Mixin private DeviceOption device = new DeviceOption();

  @Option(
      names = "--checkpoint-seconds",
      defaultValue = "120",
      description = "How often the state is saved (default: 120).")
  private int checkpointSeconds;

  @Override
  public Integer call() throws IOException {
    TrainingSettings settings =
        new TrainingSettings(
            sequenceLength,
            epochs,
            batchTokens,
            learningRate,
            warmup,
            finalRate,
            weightDecay,
            clip,
            heldOut,
            seed,
            type,
            device.device(),
            checkpointSeconds);
    if (Files.exists(out.resolve("model.safetensors"))) {
      throw new InvalidInputException(out + " holds a model already; choose another --out");
    }
    corpus.checkFirst(out, "--out");
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new InvalidInputException(out + " is a file; choose another --out");
    }
    Path config =
        start.config.orElseGet(
            () -> start.checkpoint.orElseThrow().resolve(LanguageModel.CONFIG_FILE));
    Optional<Path> tokenizerFile = tokenizer.or(this::inheritedTokenizer);
    Files.createDirectories(out);
    ConsoleProgress progress = new ConsoleProgress();
    try (LanguageModel model = model(settings);
        Tokenizers tokens =
            new Tokenizers(tokenizerFile.map(file -> Tokenizer.load(file, corpus.endTokens())));
        Corpus data =
            corpus.open(
                new Tokenization(tokens.tokenizer(), sequenceLength, model.vocabularySize()),
                progress);
        Trainer trainer = new Trainer(model, data, settings, startHash(), out)) {
      System.err.printf(
          Locale.ROOT,
          "%,d parameters, %,d sequences, %,d positions%n",
          model.parameterCount(),
          data.size(),
          data.totalPositions());
      double loss = trainer.run(progress, TrainCommand::print);
      Files.copy(
          config, out.resolve(LanguageModel.CONFIG_FILE), StandardCopyOption.REPLACE_EXISTING);
      if (tokenizerFile.isPresent()) {
        copyTokenizer(tokenizerFile.get());
      }
      Map<String, Object> record = new LinkedHashMap<>();
      record.put("whence_version", Provenance.VERSION);
      record.put("settings", settings.options());
      record.put("corpus", data.hash());
      record.put(TrainingSize.SEQUENCES, trainer.sequences());
      record.put("bos", corpus.endTokens().bos().toString());
      record.put("eos", corpus.endTokens().eos().toString());
      record.put("held_out_loss", loss);
      AtomicFile.write(out.resolve(TrainingSize.RECORD), Json.MAPPER.writeValueAsString(record));
      model.saveWeights(out);
      trainer.finish();
      System.out.printf(Locale.ROOT, "wrote %s, held-out loss %.4f nats per token%n", out, loss);
    }
    return 0;
  }

  /** Copies a tokenizer, with what says which tokens texts begin and end with. */
  private void copyTokenizer(Path file) throws IOException {
    Files.copy(
        file, out.resolve(LanguageModel.TOKENIZER_FILE), StandardCopyOption.REPLACE_EXISTING);
    Path config = file.resolveSibling(Tokenizer.CONFIG_FILE);
    if (Files.exists(config)) {
      Files.copy(config, out.resolve(Tokenizer.CONFIG_FILE), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private Optional<Path> inheritedTokenizer() {
    return start
        .checkpoint
        .map(folder -> folder.resolve(LanguageModel.TOKENIZER_FILE))
        .filter(Files::exists);
  }

  /** What the weights begin as. */
  private String startHash() {
    return Hashes.ofFiles(
        start
            .config
            .map(List::of)
            .orElseGet(() -> LanguageModel.files(start.checkpoint.orElseThrow())));
  }

  private LanguageModel model(TrainingSettings settings) {
    return start.config.isPresent()
        ? LanguageModel.random(start.config.get(), seed, settings.type(), settings.device())
        : LanguageModel.load(start.checkpoint.orElseThrow(), settings.type(), settings.device());
  }

  private static void print(Trainer.Report report) {
    System.err.printf(
        Locale.ROOT,
        "epoch %d, step %d: %s loss %.4f, rate %.2e%n",
        report.epoch(),
        report.step(),
        report.heldOut() ? "held-out" : "training",
        report.loss(),
        report.rate());
  }

  /** A tokenizer that may not be there, closed like one that is. */
  record Tokenizers(Optional<Tokenizer> tokenizer) implements AutoCloseable {
    @Override
    public void close() {
      tokenizer.ifPresent(Tokenizer::close);
    }
  }
}
