package dev.whence.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.whence.InvalidInputException;
import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.results.ResultsFolder.TokenInfluence;
import dev.whence.store.Ranking.LayerSpan;
import dev.whence.tensor.SafetensorsFile;
import dev.whence.tensor.Scope;
import dev.whence.web.SmallDictionary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against loops over the rows, and over the tensors as the library reads them. */
class ResultsStoreTest {
  @TempDir private static Path folder;

  private static SmallDictionary dictionary;
  private static ResultsStore store;
  private static int layers;

  @BeforeAll
  static void open() throws IOException {
    dictionary = SmallDictionary.shared();
    store = ResultsStore.open("ekfac", dictionary.results("ekfac"));
    layers = store.folder().manifest().layers().size();
  }

  @AfterAll
  static void close() {
    store.close();
  }

  private static List<TopSequence> all() {
    List<TopSequence> all = new ArrayList<>();
    for (boolean raising : new boolean[] {true, false}) {
      all.addAll(
          store.top(
              "animal", new Ranking(raising, LayerSpan.all(layers), false, 0, Integer.MAX_VALUE)));
    }
    return all;
  }

  @Test
  void someLayersOrderTheSequencesByTheirPart() {
    record Part(int rank, double influence) {}
    List<Part> parts = new ArrayList<>();
    for (TopSequence s : all()) {
      List<LayerInfluence> byLayer = store.layers("animal", s.rank(), s.rank());
      double sum = 0;
      for (int l = 2; l <= 4; l++) {
        sum += byLayer.get(l).influence();
      }
      if (sum < 0 && !s.spiky()) {
        parts.add(new Part(s.rank(), sum));
      }
    }
    parts.sort(Comparator.comparingDouble(Part::influence));
    Ranking ranking = new Ranking(false, new LayerSpan(2, 4, layers), true, 3, 10);
    List<TopSequence> found = store.top("animal", ranking);
    assertThat(found)
        .extracting(TopSequence::rank)
        .containsExactlyElementsOf(parts.subList(3, 13).stream().map(Part::rank).toList());
    assertThat(found.getFirst().counted()).isCloseTo(parts.get(3).influence, within(1e-6));
    ResultsStore.Sum sum = store.sum("animal", ranking);
    assertThat(sum.sequences()).isEqualTo(parts.size());
    assertThat(sum.influence())
        .isCloseTo(parts.stream().mapToDouble(Part::influence).sum(), within(1e-3));
  }

  @Test
  void someLayersOrderAllSequencesWhereTheyWereWrittenLayerByLayer() {
    double[] sums;
    try (Scope _ = Scope.open();
        SafetensorsFile file =
            SafetensorsFile.open(dictionary.results("ekfac").resolve("scores.safetensors"))) {
      int row = store.queries().indexOf(store.query("animal").orElseThrow());
      double[] values = file.tensor("layerwise").select(0, row).toDoubles();
      sums = new double[values.length / layers];
      for (int i = 0; i < values.length; i++) {
        sums[i / layers] += i % layers >= 2 && i % layers <= 4 ? values[i] : 0;
      }
    }
    List<Integer> expected =
        java.util.stream.IntStream.range(0, sums.length)
            .filter(c -> sums[c] > 0)
            .boxed()
            .sorted(Comparator.comparingDouble(c -> -sums[c]))
            .toList();
    try (Library library = new Library(dictionary.cache())) {
      ResultsStore own = library.open(dictionary.results("ekfac"));
      ResultsStore.Ranked found =
          own.topOfAll(
                  "animal",
                  new Ranking(true, new LayerSpan(2, 4, layers), false, 0, 250),
                  library.requireCorpus(own))
              .orElseThrow();
      assertThat(found.all().sequences()).isEqualTo(expected.size());
      assertThat(found.sequences())
          .extracting(s -> (int) s.place())
          .containsExactlyElementsOf(expected.subList(0, Math.min(250, expected.size())));
      assertThat(found.sequences()).anyMatch(s -> !s.isKept()).anyMatch(TopSequence::isKept);
      assertThat(found.sequences()).allMatch(s -> !s.text().isEmpty());
    }
  }

  @Test
  void tokensAndLayersSumToTheInfluence() {
    Map<Integer, List<TokenInfluence>> tokens = store.tokens("animal", List.of(1, -1));
    assertThat(tokens).containsOnlyKeys(1, -1);
    for (int rank : new int[] {1, -1}) {
      double influence = store.sequence("animal", rank).orElseThrow().influence();
      double sum =
          tokens.getOrDefault(rank, List.of()).stream()
              .mapToDouble(TokenInfluence::influence)
              .sum();
      assertThat(sum).isCloseTo(influence, within(1e-3 * Math.abs(influence)));
    }
    assertThat(store.tokens("animal", List.of())).isEmpty();
  }

  @Test
  void scoresAreThoseOfTheFile() {
    ScoreMatrix scores = store.scores().orElseThrow();
    try (Scope _ = Scope.open();
        SafetensorsFile file =
            SafetensorsFile.open(dictionary.results("ekfac").resolve("scores.safetensors"))) {
      double[] matrix = file.tensor("influence").toDoubles();
      double[] self = file.tensor("self_influence").toDoubles();
      int columns = self.length;
      int row = store.queries().indexOf(store.query("animal").orElseThrow());
      double[] found = store.influence("animal").orElseThrow();
      for (int c = 0; c < columns; c++) {
        assertThat(found[c]).isEqualTo(matrix[row * columns + c]);
      }
      double[] onQueries = scores.onQueries(7).orElseThrow();
      assertThat(onQueries).hasSize(store.queries().size());
      assertThat(onQueries[row]).isEqualTo(found[7]);
      assertThat(scores.selfInfluence(7)).contains(self[7]);
      assertThat(scores.column(7)).contains(7);
      assertThat(scores.column(columns)).isEmpty();
    }
    TopSequence first = all().getFirst();
    assertThat(store.influence("animal").orElseThrow()[(int) first.place()])
        .isCloseTo(first.influence(), within(1e-3 * first.influence()));
  }

  @Test
  void columnsOfAFilterAreFoundByTheirPlace() {
    Path named = folder.resolve("named.safetensors");
    try (Scope _ = Scope.open()) {
      SafetensorsFile.write(
          named,
          Map.of(
              "influence",
              dev.whence.tensor.Tensors.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3),
              "sequence",
              dev.whence.tensor.Tensors.of(new long[] {2, 5, 900}, 3)),
          Map.of());
    }
    try (ScoreMatrix scores = ScoreMatrix.open(named)) {
      assertThat(scores.column(5)).contains(1);
      assertThat(scores.column(900)).contains(2);
      assertThat(scores.column(3)).isEmpty();
      assertThat(scores.influence(1).orElseThrow()).containsExactly(4, 5, 6);
      assertThat(scores.selfInfluence(0)).isEmpty();
    }
  }

  @Test
  void searchTakesWordsAsTheyStand() {
    assertThat(store.search("GENUS canis", 10)).isNotEmpty();
    assertThat(store.search("%", 10)).isEmpty();
    assertThat(store.search("_", 10)).allMatch(f -> (f.documentId() + f.text()).contains("_"));
    assertThat(store.search("etc/passwd", 10))
        .allMatch(f -> f.documentId().equals("../../etc/passwd"));
    assertThat(store.search("' OR 1=1 --", 10)).isEmpty();
  }

  @Test
  void changedTablesAreRefused() throws IOException {
    Path copy = folder.resolve("copy");
    Files.createDirectories(copy);
    try (var files = Files.list(dictionary.results("little"))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Files.write(copy.resolve("tokens.parquet"), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> ResultsStore.open("copy", copy))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("tokens.parquet");
  }
}
