package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.store.Library;
import dev.whence.store.ResultsStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PosterTest {
  private static QueryPage page(Library library, SmallDictionary dictionary) {
    ResultsStore store = library.open(dictionary.results("long"));
    return QueryPage.of(library, store, QueryPage.View.usual(store, "animal"));
  }

  @Test
  void nothingLeavesThePicture() throws IOException {
    SmallDictionary dictionary = SmallDictionary.shared();
    try (Library library = new Library(dictionary.cache())) {
      QueryPage page = page(library, dictionary);
      for (Optional<Integer> rank : List.of(Optional.<Integer>empty(), Optional.of(-1))) {
        Poster poster = Poster.of(page, "ekfac", rank).orElseThrow();
        assertThat(poster.texts())
            .isNotEmpty()
            .allSatisfy(text -> {
              assertThat(Double.parseDouble(text.x()) + Double.parseDouble(text.length()))
                  .as(text.text())
                  .isLessThanOrEqualTo(poster.width());
              assertThat(Double.parseDouble(text.y())).isLessThan(poster.height());
            });
      }
      assertThat(Poster.of(page, "ekfac", Optional.of(9_999))).isEmpty();
    }
  }
}
