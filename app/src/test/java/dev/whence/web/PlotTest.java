package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class PlotTest {
  @TempDir private Path folder;

  @Test
  void aPlotIsAnSvgFileWithAMarkWhereEachMethodBelongs() throws Exception {
    Path file = folder.resolve("plot.svg");
    Plot.write(
        file,
        new Plot.Words("a <task>", "how good", "seconds", "correlation"),
        List.of(
            new Plot.Point("slow & good", 100, 0.9, 0.8, 0.95),
            new Plot.Point("fast", 1, 0.3, 0.1, 0.4)));
    Document svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(Files.readAllBytes(file)));
    assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
    assertThat(svg.getElementsByTagName("title").item(0).getTextContent()).isEqualTo("a <task>");
    NodeList dots = svg.getElementsByTagName("circle");
    assertThat(dots.getLength()).isEqualTo(2);
    double slow = number(dots, 0, "cx");
    double fast = number(dots, 1, "cx");
    assertThat(slow).as("later is further right").isGreaterThan(fast);
    assertThat(number(dots, 0, "cy")).as("better is higher").isLessThan(number(dots, 1, "cy"));
  }

  private static double number(NodeList elements, int index, String attribute) {
    return Double.parseDouble(((Element) elements.item(index)).getAttribute(attribute));
  }
}
