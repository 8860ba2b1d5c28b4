package dev.whence;

import dev.whence.attribution.Attribution;
import dev.whence.attribution.AttributionInput;
import dev.whence.attribution.AttributionSettings;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Query;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

// begin
final class TutorialExample {
  static List<ResultsFolder.Influence> run(Path folder, Path modelFolder) {
    try (Tokenizer tokenizer = Tokenizer.load(modelFolder.resolve("tokenizer.json"));
        LanguageModel model = LanguageModel.load(modelFolder, DType.FLOAT32, Device.CPU);
        Corpus corpus =
            Corpus.open(
                CorpusSource.of(folder.resolve("corpus.jsonl")),
                new Tokenization(Optional.of(tokenizer), 256, model.vocabularySize()),
                folder.resolve("cache"),
                Progress.NONE)) {
      RunFolder run =
          Fit.run(
              model,
              modelFolder,
              corpus,
              FitSettings.DEFAULT,
              folder.resolve("java-run"),
              false, // true would replace a run that was made from something else
              Progress.NONE);
      Query query = QueryFile.of("dog", "dog:", " a domesticated animal that barks", tokenizer);
      ResultsFolder results =
          Attribution.run(
              new AttributionInput(run, model, Optional.of(tokenizer), List.of(query), corpus),
              AttributionSettings.DEFAULT,
              folder.resolve("java-results"),
              false,
              Progress.NONE);
      return results.raising("dog", 5);
    }
  }

  private TutorialExample() {}
}
// end
