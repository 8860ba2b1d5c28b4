package dev.whence.lab.training;

import dev.whence.InvalidInputException;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a model is trained.
 *
 * @param sequenceLength tokens of a sequence, at most
 * @param epochs passes over the training sequences
 * @param batchTokens tokens of a batch, padding included
 * @param learningRate the highest, reached after warm-up
 * @param warmup share of all steps in which the rate rises from zero
 * @param finalRate share of the highest rate at which the cosine ends
 * @param weightDecay on matrices alone, decoupled
 * @param clip the largest norm of a step's gradient
 * @param heldOut share of sequences that are measured and never trained on
 * @param seed decides the start, the order and the held-out sequences
 * @param checkpointSeconds how often the state is saved
 */
public record TrainingSettings(
    int sequenceLength,
    int epochs,
    int batchTokens,
    double learningRate,
    double warmup,
    double finalRate,
    double weightDecay,
    double clip,
    double heldOut,
    long seed,
    DType type,
    Device device,
    int checkpointSeconds) {

  public TrainingSettings {
    require(sequenceLength >= 2, "--sequence-length", sequenceLength, "at least 2");
    require(epochs >= 1, "--epochs", epochs, "at least 1");
    require(batchTokens >= 2, "--batch-tokens", batchTokens, "at least 2");
    require(learningRate > 0 && learningRate < 1, "--learning-rate", learningRate, "in (0, 1)");
    require(warmup >= 0 && warmup < 1, "--warmup", warmup, "in [0, 1)");
    require(finalRate >= 0 && finalRate <= 1, "--final-rate", finalRate, "in [0, 1]");
    require(weightDecay >= 0, "--weight-decay", weightDecay, "at least 0");
    require(clip > 0, "--clip", clip, "positive");
    require(heldOut >= 0 && heldOut < 1, "--held-out", heldOut, "in [0, 1)");
    require(type == DType.FLOAT32 || type == DType.FLOAT64, "--dtype", type, "float32 or float64");
  }

  private static void require(boolean valid, String option, Object value, String expected) {
    if (!valid) {
      throw new InvalidInputException(option + " is " + value + " but must be " + expected);
    }
  }

  /**
   * What decides the trained weights, by option: a checkpoint made with other values is not
   * resumed.
   */
  public Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("sequence-length", "" + sequenceLength);
    options.put("epochs", "" + epochs);
    options.put("batch-tokens", "" + batchTokens);
    options.put("learning-rate", "" + learningRate);
    options.put("warmup", "" + warmup);
    options.put("final-rate", "" + finalRate);
    options.put("weight-decay", "" + weightDecay);
    options.put("clip", "" + clip);
    options.put("held-out", "" + heldOut);
    options.put("seed", "" + seed);
    options.put("dtype", "" + type);
    return options;
  }

  /** The learning rate of a step: linear warm-up, then half a cosine. */
  double rate(long step, long steps) {
    double rising = warmup * steps;
    if (step < rising) {
      return learningRate * (step + 1) / rising;
    }
    double progress = Math.min(1, (step - rising) / Math.max(1, steps - rising));
    double cosine = (1 + Math.cos(Math.PI * progress)) / 2;
    return learningRate * (finalRate + (1 - finalRate) * cosine);
  }
}
