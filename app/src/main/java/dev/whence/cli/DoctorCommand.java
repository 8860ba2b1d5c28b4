package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.EndTokens;
import dev.whence.doctor.Check;
import dev.whence.doctor.Doctor;
import dev.whence.model.LayerSelection;
import dev.whence.store.ModelFolder;
import dev.whence.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks the method's claims on the user's model. */
@Command(
    name = "doctor",
    description = "Check on your own model that the numbers can be trusted.",
    footer = {
      "",
      "Example: whence doctor smollm-135m --corpus train.jsonl",
      "Exits with 1 when a check fails."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final int SEQUENCES = 8;
  private static final int LENGTH = 48;

  @Parameters(paramLabel = "MODEL", description = "The folder of a Hugging Face checkpoint.")
  private Path folder = Path.of("");

  @ArgGroup(exclusive = false, heading = "Documents to check with (default: random tokens):%n")
  private @Nullable CorpusOptions corpus; // picocli's way to say that it was not given

  @Option(
      names = "--layers",
      paramLabel = "LAYERS",
      defaultValue = "mlp",
      description = "mlp, attention, linear, or a regular expression (default: mlp).")
  private String layers = "mlp";

  @Mixin private DeviceOption device = new DeviceOption();

  @Override
  public Integer call() {
    int failures = 0;
    // float64 tells a wrong formula from rounding.
    EndTokens ends = corpus == null ? EndTokens.AUTO : corpus.endTokens();
    try (ModelFolder model = ModelFolder.open(folder, ends, DType.FLOAT64, device.device());
        ModelFolder single = ModelFolder.open(folder, ends, DType.FLOAT32, device.device())) {
      Doctor doctor =
          new Doctor(
              model.model(),
              single.model(),
              model.tokenizer(),
              new LayerSelection(layers),
              sequences(model));
      for (Doctor.Examination examination : doctor.examinations()) {
        Check check = examination.check().get();
        failures += check.passed() ? 0 : 1;
        System.out.printf(
            Locale.ROOT,
            "%s  %-58s %s%n",
            check.passed() ? "ok  " : "FAIL",
            examination.claim(),
            check.finding());
      }
    }
    System.out.println(
        failures == 0
            ? "All checks passed."
            : failures + " checks failed: do not trust the scores.");
    return failures == 0 ? 0 : 1;
  }

  private List<int[]> sequences(ModelFolder model) {
    List<int[]> sequences = new ArrayList<>();
    int length = Math.min(LENGTH, model.model().maximumPositions());
    if (corpus == null) {
      Random random = new Random(0);
      for (int s = 0; s < SEQUENCES; s++) {
        // Different lengths, so that padding is checked too.
        int tokens = Math.max(2, length * (s + 1) / SEQUENCES);
        sequences.add(random.ints(tokens, 0, model.model().vocabularySize()).toArray());
      }
      return sequences;
    }
    try (Corpus data = corpus.open(model.tokenization(length), new ConsoleProgress())) {
      for (long i = 0; i < data.size() && sequences.size() < SEQUENCES; i++) {
        if (data.length(i) > 1) {
          sequences.add(data.sequence(i).tokens());
        }
      }
    }
    if (sequences.isEmpty()) {
      throw new InvalidInputException(
          "the corpus has no sequence of two tokens to check with; give another --corpus, or none");
    }
    if (sequences.size() == 1) {
      // One more, of another length, so that padding and batching are checked too.
      int[] only = sequences.getFirst();
      sequences.add(java.util.Arrays.copyOf(only, Math.max(2, only.length / 2)));
    }
    return sequences;
  }
}
