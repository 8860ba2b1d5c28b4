package dev.whence.web;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Asks a server as a program would, without a browser's good manners. */
record Browser(HttpClient client, URI base) {
  static Browser of(String address) {
    return new Browser(HttpClient.newHttpClient(), URI.create(address));
  }

  HttpResponse<String> get(String path, String... headers) {
    return send(HttpRequest.newBuilder(base.resolve(path)).GET(), headers);
  }

  HttpResponse<String> post(String path, String form, String... headers) {
    return send(
        HttpRequest.newBuilder(base.resolve(path))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)),
        headers);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String... headers) {
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the server says to a request as it stands, which no client would send. */
  String raw(String request) {
    try (Socket socket = new Socket(base.getHost(), base.getPort())) {
      socket
          .getOutputStream()
          .write(request.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Names and values in turn, as a form sends them. */
  static String form(String... namesAndValues) {
    String[] encoded =
        Arrays.stream(namesAndValues)
            .map(text -> URLEncoder.encode(text, StandardCharsets.UTF_8))
            .toArray(String[]::new);
    return java.util.stream.IntStream.range(0, encoded.length / 2)
        .mapToObj(i -> encoded[2 * i] + "=" + encoded[2 * i + 1])
        .collect(Collectors.joining("&"));
  }
}
