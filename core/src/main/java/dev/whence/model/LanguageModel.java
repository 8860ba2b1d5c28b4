package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.budget.ModelShape;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A causal language model with its parameters in memory. Any number of threads may run it while
 * none writes to its parameters.
 */
public final class LanguageModel implements Model, AutoCloseable {
  public static final String CONFIG_FILE = "config.json";
  public static final String TOKENIZER_FILE = "tokenizer.json";
  private static final String WEIGHTS_FILE = "model.safetensors";

  private final String architecture;
  private final Parameters parameters;
  private final Network network;
  private final List<Linear> linears;
  private final List<PositionTable> tables;
  private final ModelLimits limits;
  private final ModelShape shape;
  private final DType type;
  private final Device device;

  private LanguageModel(Config config, ParameterSource source, DType type, Device device) {
    this.architecture = config.text("model_type", "");
    this.limits = ModelLimits.of(config);
    this.type = type;
    this.device = device;
    this.parameters = new Parameters(source);
    Parts parts = new Parts(parameters, type, device);
    try {
      requirePlainWeights(config);
      this.network = builder(config).apply(config, parts);
      config.requireAllRead();
    } catch (RuntimeException e) {
      parameters.close();
      throw e;
    }
    this.linears = parts.linears();
    this.tables = parts.positionTables();
    this.shape = shape(config, linears, parameterCount());
  }

  private static ModelShape shape(Config config, List<Linear> linears, long parameters) {
    int width = config.size("hidden_size", config.size("n_embd", 1));
    int heads = config.size("num_attention_heads", config.size("n_head", 1));
    return new ModelShape(
        linears.stream().map(Linear::shape).toList(),
        width,
        config.size("num_hidden_layers", config.size("n_layer", 1)),
        heads,
        config.size("head_dim", Math.max(1, width / heads)),
        config.size("vocab_size"),
        parameters);
  }

  /**
   * Reads a Hugging Face checkpoint folder: {@code config.json}, and {@code model.safetensors} or
   * its shards.
   *
   * @param type what the weights are converted to, and the precision of all computation
   * @throws InvalidInputException naming the file and, where one is at fault, the tensor
   */
  public static LanguageModel load(Path folder, DType type, Device device) {
    if (!type.isFloatingPoint()) {
      throw new InvalidInputException(
          "--dtype is " + type + " but must be float32, float64, bfloat16 or float16");
    }
    Config config = Config.read(folder.resolve(CONFIG_FILE));
    builder(config);
    requirePlainWeights(config);
    try (Checkpoint checkpoint = Checkpoint.open(folder, type, device.require())) {
      return new LanguageModel(config, checkpoint, type, device);
    }
  }

  /** An untrained model of a config file's shape, whose parameters depend on {@code seed} alone. */
  public static LanguageModel random(Path configFile, long seed, DType type, Device device) {
    Config config = Config.read(configFile);
    return new LanguageModel(
        config, new RandomStart(config, seed, type, device.require()), type, device);
  }

  /**
   * A model of a config file's shape whose parameters take no memory and mean nothing: for plans.
   */
  public static LanguageModel outline(Path configFile) {
    ParameterSource shapes =
        (_, shape) -> Tensors.zeros(DType.FLOAT32, Device.CPU, 1).expand(shape).keep();
    return new LanguageModel(Config.read(configFile), shapes, DType.FLOAT32, Device.CPU);
  }

  /** Quantised weights mean nothing without their scales. */
  private static void requirePlainWeights(Config config) {
    for (String setting : List.of("quantization_config", "quantization", "compression_config")) {
      if (config.has(setting)) {
        String method = config.section(setting).text("quant_method", "");
        throw new InvalidInputException(
            "%s has a %s%s: its weights are quantised; give the model in bfloat16, float16 or float32"
                .formatted(config.file(), setting, method.isEmpty() ? "" : " (" + method + ")"));
      }
    }
  }

  private static BiFunction<Config, Parts, Network> builder(Config config) {
    String architecture = config.text("model_type", "");
    return switch (architecture) {
      case "gpt2" -> Gpt2::build;
      case "gpt_neox" -> GptNeoX::build;
      case "llama" -> Llama::build;
      case "mistral" -> Mistral::build;
      case "qwen2" -> Qwen2::build;
      case "qwen3" -> Qwen3::build;
      case "olmo2" -> Olmo2::build;
      default ->
          throw new InvalidInputException(
              config.file()
                  + " has model_type '"
                  + architecture
                  + "'; Whence reads gpt2, gpt_neox, llama, mistral, qwen2, qwen3 and olmo2");
    };
  }

  /**
   * The files in a checkpoint's folder that decide what the model computes: its config, its weights
   * and their index.
   *
   * @throws InvalidInputException when the folder is no checkpoint
   */
  public static List<Path> files(Path folder) {
    List<Path> files = new ArrayList<>();
    files.add(folder.resolve(CONFIG_FILE));
    try (Checkpoint checkpoint = Checkpoint.open(folder, DType.FLOAT32, Device.CPU)) {
      files.addAll(checkpoint.files());
    }
    return files;
  }

  /** The family, as {@code config.json} spells it: {@code llama}. */
  public String architecture() {
    return architecture;
  }

  @Override
  public List<Linear> linears() {
    return linears;
  }

  public int vocabularySize() {
    return limits.vocabularySize();
  }

  /** The sizes that decide what work on the model costs. */
  public ModelShape shape() {
    return shape;
  }

  /** What the model can take, as its config says. */
  public ModelLimits limits() {
    return limits;
  }

  /** The longest sequence that the model was made for. */
  public int maximumPositions() {
    return limits.maximumPositions();
  }

  @Override
  public DType type() {
    return type;
  }

  @Override
  public Device device() {
    return device;
  }

  /** The parameters by their names in the checkpoint; the model owns them. */
  public Map<String, Tensor> parameters() {
    return parameters.byName();
  }

  /** How many numbers the parameters hold. */
  public long parameterCount() {
    return parameters.byName().values().stream().mapToLong(Tensor::elements).sum();
  }

  /**
   * Next-token scores.
   *
   * @param tokens [batch, positions], int64
   * @return logits, [batch, positions, vocabulary]
   */
  public Tensor logits(Tensor tokens, Tap tap) {
    return network.logits(tokens, tap);
  }

  /**
   * What the head reads.
   *
   * @param tokens [batch, positions], int64
   * @return [batch, positions, width]
   */
  public Tensor hidden(Tensor tokens, Tap tap) {
    return network.hidden(tokens, tap);
  }

  /** The layer that makes logits. */
  public Linear head() {
    return network.head();
  }

  @Override
  public Tensor outputs(Tensor tokens, Tap tap) {
    return logits(tokens, tap);
  }

  /** Writes the parameters as {@code model.safetensors} into a folder. */
  public void saveWeights(Path folder) {
    SafetensorsFile.write(
        folder.resolve(WEIGHTS_FILE), parameters.byName(), Map.of("format", "pt"));
  }

  @Override
  public void close() {
    tables.forEach(PositionTable::close);
    parameters.close();
  }
}
