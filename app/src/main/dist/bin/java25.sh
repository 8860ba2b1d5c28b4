# Sets JAVA_HOME to a JDK 25 or newer; sourced by the launchers. Looks at JAVA_HOME, the usual folders, then the PATH.

java_major() { # the major version of the JDK in a folder, or nothing
  [ -x "$1/bin/java" ] && [ -f "$1/release" ] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

find_java25() {
  local folder major
  for folder in "${JAVA_HOME:-}" \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$(command -v java >/dev/null && dirname "$(dirname "$(readlink -f "$(command -v java)")")")"; do
    major=$(java_major "$folder" || true)
    if [ -n "$major" ] && [ "$major" -ge 25 ]; then
      export JAVA_HOME=$folder
      return 0
    fi
  done
  echo "whence: no JDK 25 was found; install one (for example Temurin 25) or point JAVA_HOME at it." >&2
  return 1
}

find_java25 || exit 1
