package dev.whence.lab.training;

import dev.whence.Cadence;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.model.LanguageModel;
import dev.whence.model.Tap;
import dev.whence.tensor.Autograd;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.trace.Targets;
import dev.whence.trace.TokenBatch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Trains a language model to predict the next token, mean cross-entropy over the positions of each
 * batch.
 */
public final class Trainer implements AutoCloseable {
  private static final int REPORTS_PER_EPOCH = 10;

  private final LanguageModel model;
  private final Corpus corpus;
  private final TrainingSettings settings;
  private final TrainingOrder order;
  private final List<Tensor> parameters;
  private final AdamW optimizer;
  private final TrainingCheckpoint checkpoint;

  /**
   * One line of the training's record.
   *
   * @param loss nats per position, of the last batch, or of the held-out sequences at an epoch's
   *     end
   */
  public record Report(long step, int epoch, boolean heldOut, double loss, double rate) {}

  /**
   * Prepares training, or resumes it where {@code folder} holds a checkpoint of the same settings
   * and data.
   *
   * @param model is trained in place; the caller closes it
   * @param start names where the weights come from; a checkpoint of another start is not resumed
   */
  public Trainer(
      LanguageModel model, Corpus corpus, TrainingSettings settings, String start, Path folder) {
    this.model = model;
    this.corpus = corpus;
    this.settings = settings;
    this.order =
        new TrainingOrder(corpus, settings.batchTokens(), settings.heldOut(), settings.seed());
    this.parameters = model.parameters().values().stream().map(Tensor::requireGradient).toList();
    this.optimizer = new AdamW(parameters, settings.weightDecay(), settings.clip());
    this.checkpoint =
        new TrainingCheckpoint(folder, model, optimizer, settings, corpus.hash(), start);
  }

  /**
   * Trains to the end.
   *
   * @return the loss on the held-out sequences, nats per position; NaN when none are held out
   */
  public double run(Progress progress, Consumer<Report> reports) {
    long firstStep = checkpoint.restore();
    List<long[]> first = order.epoch(0);
    long steps = (long) first.size() * settings.epochs();
    double heldOutLoss = Double.NaN;
    Cadence cadence = new Cadence(settings.checkpointSeconds());
    try (Progress.Stage stage = progress.begin("training", steps, "steps")) {
      stage.advance(firstStep);
      long step = 0;
      for (int epoch = 0; epoch < settings.epochs(); epoch++) {
        List<long[]> batches = order.epoch(epoch);
        int reportEvery = Math.max(1, batches.size() / REPORTS_PER_EPOCH);
        for (int b = 0; b < batches.size(); b++, step++) {
          if (step < firstStep) {
            continue;
          }
          double rate = settings.rate(step, steps);
          boolean report = b % reportEvery == reportEvery - 1;
          double loss = step(batches.get(b), step, rate, report);
          if (report) {
            reports.accept(new Report(step + 1, epoch + 1, false, loss, rate));
          }
          stage.advance(1);
          if (cadence.due()) {
            checkpoint.save(step + 1);
            cadence.restart();
          }
        }
        if (step > firstStep || epoch == settings.epochs() - 1) {
          heldOutLoss = heldOutLoss();
          reports.accept(
              new Report(step, epoch + 1, true, heldOutLoss, settings.rate(step, steps)));
        }
      }
    }
    return heldOutLoss;
  }

  /** Removes the checkpoint, once the trained weights are safe. */
  public void finish() {
    checkpoint.delete();
  }

  private double step(long[] indexes, long step, double rate, boolean measure) {
    try (Scope _ = Scope.open()) {
      TokenBatch batch = batch(indexes);
      Tensor logits = model.logits(batch.inputs(), Tap.NONE);
      double positions = batch.realPositions();
      Tensor gradient =
          batch.logLikelihoodGradient(logits, new Targets.Given()).timesInPlace(-1 / positions);
      List<Tensor> gradients = Autograd.gradients(logits, gradient, parameters);
      double norm = optimizer.step(gradients, step, rate);
      if (!Double.isFinite(norm)) {
        throw new ArithmeticException(
            "the gradient is not finite at step " + (step + 1) + "; lower --learning-rate");
      }
      return measure
          ? -batch.logProbabilities(logits.detach()).sum().item() / positions
          : Double.NaN;
    }
  }

  /** How many sequences are trained on, those that are held out apart. */
  public long sequences() {
    return order.count();
  }

  private double heldOutLoss() {
    return Autograd.unrecorded(() -> {
      double loss = 0;
      double positions = 0;
      for (long[] indexes : order.heldOut()) {
        try (Scope _ = Scope.open()) {
          TokenBatch batch = batch(indexes);
          Tensor logits = model.logits(batch.inputs(), Tap.NONE);
          loss -= batch.logProbabilities(logits).sum().item();
          positions += batch.realPositions();
        }
      }
      return loss / positions;
    });
  }

  private TokenBatch batch(long[] indexes) {
    return TokenBatch.of(
        Arrays.stream(indexes)
            .mapToObj(index -> TokenBatch.Row.whole(corpus.sequence(index).tokens(), 0))
            .toList(),
        model.device());
  }

  @Override
  public void close() {
    optimizer.close();
  }
}
