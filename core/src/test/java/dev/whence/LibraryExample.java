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
import dev.whence.index.IndexBuild;
import dev.whence.index.IndexSearcher;
import dev.whence.index.IndexSettings;
import dev.whence.index.InfluenceIndex;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsFolder.Influence;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The examples of docs/LIBRARY.md. */
final class LibraryExample {
  // begin attribute
  static List<Influence> raising(Path checkpoint, Path documents, Path out) {
    try (Tokenizer tokenizer = Tokenizer.load(checkpoint.resolve("tokenizer.json"));
        LanguageModel model = LanguageModel.load(checkpoint, DType.FLOAT32, Device.CPU);
        Corpus corpus =
            Corpus.open(
                CorpusSource.of(documents),
                new Tokenization(Optional.of(tokenizer), 256, model.vocabularySize()),
                out.resolve("cache"))) {
      RunFolder run = Fit.run(model, checkpoint, corpus, FitSettings.DEFAULT, out.resolve("run"));
      Query query = QueryFile.of("dog", "dog:", " a domesticated animal that barks", tokenizer);
      AttributionInput input =
          new AttributionInput(run, model, Optional.of(tokenizer), List.of(query), corpus);
      return Attribution.run(input, AttributionSettings.DEFAULT, out.resolve("results"))
          .raising("dog", 5);
    }
  }

  // end

  // begin index
  static IndexSearcher.Answer ask(
      RunFolder run, LanguageModel model, Corpus corpus, Query query, Path out) {
    IndexBuild.run(run, model, corpus, IndexSettings.DEFAULT, out, false, Progress.NONE);
    try (InfluenceIndex index = InfluenceIndex.open(out, corpus);
        IndexSearcher searcher = new IndexSearcher(index, run, model, index.damping())) {
      return searcher.estimate(List.of(query), 10).getFirst();
    }
  }

  // end

  private LibraryExample() {}
}
