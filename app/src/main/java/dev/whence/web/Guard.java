package dev.whence.web;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.http.SameSite;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Decides which requests are served. Pages are for the browser of the person who started the
 * server: requests under another name (DNS rebinding), forms from other sites, and, off the
 * loopback address, requests without the token are refused.
 */
final class Guard {
  private static final String COOKIE = "whence-token";
  private static final int TOKEN_BYTES = 24;
  private static final int USUAL_PORT = 80;
  private static final List<HandlerType> READING = List.of(HandlerType.GET, HandlerType.HEAD);

  /**
   * The headers of every response: nothing is loaded from other hosts and no inline script runs, so
   * that text from a corpus cannot become a script.
   */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
              + " img-src 'self' data:; form-action 'self'; base-uri 'none';"
              + " frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "same-origin", // with none at all, forms would come without an origin
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cross-Origin-Resource-Policy",
          "same-origin",
          "Cache-Control",
          "no-store");

  private final String host;
  private final boolean loopback;
  private final String token = random();
  private final String formToken = random();

  Guard(String host) {
    this.host = host;
    this.loopback = isLoopback(host);
  }

  /** Whether only this machine can reach an address. */
  static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException _) {
      return false;
    }
  }

  private static String random() {
    byte[] bytes = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** The token that a reader has to bring; empty when only this machine can reach the server. */
  Optional<String> token() {
    return loopback ? Optional.empty() : Optional.of(token);
  }

  /** The anti-forgery token that every form of these pages submits. */
  String formToken() {
    return formToken;
  }

  /** Runs before every request. */
  void check(Context context) {
    HEADERS.forEach(context::header);
    String hostHeader = String.valueOf(context.header("Host")).toLowerCase(Locale.ROOT);
    if (loopback && !ownNames(context.port()).contains(hostHeader)) {
      throw new HttpResponseException(421, "This server is not called that");
    }
    boolean reads = READING.contains(context.method());
    if (isForeign(context, reads)) {
      throw new HttpResponseException(403, "Requests of other sites are not accepted");
    }
    if (!loopback) {
      requireToken(context);
    }
    if (!reads) {
      requireOwnForm(context);
    }
  }

  /** Whether a request comes from another site; links to a page from there are let through. */
  private static boolean isForeign(Context context, boolean reads) {
    String origin = context.header("Origin");
    if (origin != null && !isOwn(origin, context.header("Host"))) {
      return true;
    }
    String site = context.header("Sec-Fetch-Site");
    boolean own = site == null || site.equals("same-origin") || site.equals("none");
    return !own && !(reads && "navigate".equals(context.header("Sec-Fetch-Mode")));
  }

  /** The values of the header Host that mean this server; only the usual port may be left out. */
  private List<String> ownNames(int port) {
    return Stream.of("127.0.0.1", "localhost", "[::1]", host.toLowerCase(Locale.ROOT))
        .flatMap(name ->
            port == USUAL_PORT ? Stream.of(name, name + ":" + port) : Stream.of(name + ":" + port))
        .toList();
  }

  private void requireToken(Context context) {
    String name = COOKIE + "-" + context.port(); // cookies do not tell ports apart
    String submitted = context.queryParam("token");
    if (submitted != null && same(submitted, token)) {
      Cookie cookie = new Cookie(name, token);
      cookie.setHttpOnly(true);
      cookie.setSameSite(SameSite.STRICT);
      context.cookie(cookie);
      context.redirect("/"); // so that the token is in no link that is passed on
      context.skipRemainingHandlers();
      return;
    }
    String brought = context.cookie(name);
    if (brought == null || !same(brought, token)) {
      throw new HttpResponseException(
          401, "Open the address that 'whence explore' printed: it has the token");
    }
  }

  /** Refuses forms without the form token; other encodings, which may hold large files, unread. */
  private void requireOwnForm(Context context) {
    String type = context.contentType();
    if (type == null || !type.startsWith("application/x-www-form-urlencoded")) {
      throw new HttpResponseException(415, "Forms come as application/x-www-form-urlencoded");
    }
    String brought = context.formParam("form");
    if (brought == null || !same(brought, formToken)) {
      throw new HttpResponseException(403, "The form is from another time; reload the page");
    }
  }

  private static boolean isOwn(String origin, @org.jspecify.annotations.Nullable String host) {
    try {
      return URI.create(origin).getAuthority().equals(host);
    } catch (IllegalArgumentException | NullPointerException _) {
      return false;
    }
  }

  /** Compares in constant time, so that the time taken does not give away a matching prefix. */
  private static boolean same(String given, String expected) {
    return MessageDigest.isEqual(
        given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
  }
}
