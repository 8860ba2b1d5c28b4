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

  /** The same with another parameter, encoded. */
  public Address with(String name, Object value) {
    return new Address(
        text
            + (text.indexOf('?') < 0 ? "?" : "&")
            + name
            + "="
            + URLEncoder.encode(value.toString(), StandardCharsets.UTF_8));
  }

  /** The same with another parameter, if it is not what is meant without it. */
  Address with(String name, Object value, Object usual) {
    return value.equals(usual) ? this : with(name, value);
  }

  @Override
  public String toString() {
    return text;
  }
}
