package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.web.Chart.Box;
import dev.whence.web.Chart.Label;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HeatMapTest {
  private static final List<String> LAYERS =
      List.of("model.layers.0.mlp.up", "model.layers.0.mlp.down");

  /** Tokens 40 and 45 of 100 have influence. */
  private static Chart chart(int size) {
    double[][] influence = new double[2][size];
    influence[0][40] = 2;
    influence[1][45] = -1;
    influence[1][3] = 0.01; // too little to be looked at
    List<String> tokens = IntStream.range(0, size).mapToObj(t -> " token" + t).toList();
    return HeatMap.of("map", LAYERS, tokens, influence);
  }

  private static List<Box> boxes(Chart chart) {
    return chart.marks().stream().filter(Box.class::isInstance).map(Box.class::cast).toList();
  }

  @Test
  void onlyTokensAroundThoseWithInfluenceAreDrawn() {
    Chart chart = chart(100);
    assertThat(boxes(chart)).hasSize(2 * (45 - 40 + 1 + 4)); // two more on either side
    assertThat(chart.summary()).contains("tokens 39 to 48 of 100");
    assertThat(chart.title()).isEqualTo("Strongest at 'token40', through 0.mlp.up");
  }

  @Test
  void eachTokenStandsAboveItsColumn() {
    Chart chart = chart(100);
    for (int t = 38; t < 48; t++) {
      String token = "token" + t;
      Label text =
          chart.marks().stream()
              .filter(Label.class::isInstance)
              .map(Label.class::cast)
              .filter(l -> l.text().equals(token))
              .findFirst()
              .orElseThrow();
      List<Box> column = boxes(chart).stream().filter(b -> b.tip().contains(token + "'")).toList();
      assertThat(column).hasSize(2);
      for (Box cell : column) {
        double left = Double.parseDouble(cell.x());
        double x = Double.parseDouble(text.x());
        assertThat(x).isBetween(left, left + Double.parseDouble(cell.width()));
        assertThat(Double.parseDouble(text.y())).isLessThan(Double.parseDouble(cell.y()));
      }
    }
  }

  @Test
  void aLongPassageGoesOnInTheNextSystemAndNothingIsWiderThanTheChart() {
    double[][] influence = new double[2][200];
    influence[0][0] = 1;
    influence[0][199] = 1;
    List<String> tokens = IntStream.range(0, 200).mapToObj(_ -> "word").toList();
    Chart chart = HeatMap.of("map", LAYERS, tokens, influence);
    assertThat(boxes(chart)).hasSize(400);
    assertThat(boxes(chart).stream().map(Box::y).distinct().count()).isGreaterThan(2);
    for (Box cell : boxes(chart)) {
      assertThat(Double.parseDouble(cell.x()) + Double.parseDouble(cell.width()))
          .isLessThanOrEqualTo(chart.width());
      assertThat(Double.parseDouble(cell.y()) + Double.parseDouble(cell.height()))
          .isLessThanOrEqualTo(chart.height());
    }
  }

  @Test
  void withoutInfluenceAllTokensAreDrawn() {
    Chart chart = HeatMap.of("map", LAYERS, Collections.nCopies(50, "a"), new double[2][50]);
    assertThat(chart.title()).isEqualTo("No token has influence");
    assertThat(boxes(chart)).hasSize(100);
    assertThat(chart.summary()).contains("tokens 1 to 50 of 50; red");
  }

  @Test
  void whatIsTooLargeIsCutToWhatIsAroundTheStrongest() {
    List<String> layers = Collections.nCopies(300, "model.layers.0.mlp.up");
    double[][] influence = new double[300][1_000];
    influence[0][0] = 1;
    influence[7][800] = -2;
    influence[0][999] = 1;
    List<String> tokens = IntStream.range(0, 1_000).mapToObj(t -> "t" + t).toList();
    Chart chart = HeatMap.of("map", layers, tokens, influence);
    assertThat(boxes(chart)).hasSize(30_000);
    assertThat(chart.summary()).contains("tokens 751 to 850 of 1000; red");
    assertThat(chart.title()).startsWith("Strongest at 't800'");
  }

  @Test
  void aTokenWithoutLettersHasAName() {
    double[][] influence = {{1, 0}, {0, 0}};
    assertThat(HeatMap.of("map", LAYERS, List.of("\n", "a"), influence).title())
        .isEqualTo("Strongest at 'new line', through 0.mlp.up");
  }
}
