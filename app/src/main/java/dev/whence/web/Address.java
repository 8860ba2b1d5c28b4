package dev.whence.web;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * The address of a page of this server: {@code Address.of("/query").with("query", id)}. Everything
 * that a page shows is in its address, so that a link brings it back.
 */
public record Address(String text) {
  public static Address of(String path) {
    return new Address(path);
  }

  /** This address with one more parameter, its value URL-encoded. */
  public Address with(String name, Object value) {
    return new Address(
        text
            + (text.indexOf('?') < 0 ? "?" : "&")
            + name
            + "="
            + URLEncoder.encode(value.toString(), StandardCharsets.UTF_8));
  }

  /** This address with one more parameter, left out when it has its default value. */
  Address with(String name, Object value, Object usual) {
    return value.equals(usual) ? this : with(name, value);
  }

  /** The same parameters on another path. */
  public Address on(String path) {
    int parameters = text.indexOf('?');
    return new Address(parameters < 0 ? path : path + text.substring(parameters));
  }

  @Override
  public String toString() {
    return text;
  }
}
