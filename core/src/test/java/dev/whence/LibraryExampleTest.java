package dev.whence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSource;
import dev.whence.corpus.Query;
import dev.whence.corpus.QueryFile;
import dev.whence.corpus.Tokenization;
import dev.whence.corpus.Tokenizer;
import dev.whence.index.IndexSearcher;
import dev.whence.model.LanguageModel;
import dev.whence.results.ResultsFolder.Influence;
import dev.whence.run.RunFolder;
import dev.whence.tensor.DType;
import dev.whence.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryExampleTest {
  private static final Path MODEL = Path.of("../models/dictionary");

  @TempDir private Path folder;

  @Test
  void theExamplesOfTheDocumentationWork() throws IOException {
    Path documents = folder.resolve("documents.jsonl");
    Files.writeString(
        documents,
        """
        {"text": "dog: a domesticated animal that barks"}
        {"text": "cat: a feline mammal with thick soft fur"}
        {"text": "oak: a tree that bears acorns"}
        {"text": "wolf: a wild animal that howls"}
        {"text": "pie: a dish baked in pastry"}
        {"text": "hound: a dog that is used for hunting"}
        """);
    List<Influence> raising = LibraryExample.raising(MODEL, documents, folder);
    assertThat(raising).isNotEmpty().hasSizeLessThanOrEqualTo(5);
    assertThat(raising.getFirst().influence()).isPositive();
    assertThat(raising).isSortedAccordingTo((a, b) -> Double.compare(b.influence(), a.influence()));
    assertThat(LibraryExample.raising(MODEL, documents, folder)).isEqualTo(raising); // again
    RunFolder run = RunFolder.open(folder.resolve("run"));
    try (Tokenizer tokenizer = Tokenizer.load(MODEL.resolve("tokenizer.json"));
        LanguageModel model = LanguageModel.load(MODEL, DType.FLOAT32, Device.CPU);
        Corpus corpus =
            Corpus.open(
                CorpusSource.of(documents),
                new Tokenization(Optional.of(tokenizer), 256, model.vocabularySize()),
                folder.resolve("cache"))) {
      Query query = QueryFile.of("cat", "cat:", " a feline mammal", tokenizer);
      IndexSearcher.Answer answer =
          LibraryExample.ask(run, model, corpus, query, folder.resolve("index"));
      assertThat(answer.raising().size() + answer.lowering().size()).isEqualTo(6);
    }
  }
}
