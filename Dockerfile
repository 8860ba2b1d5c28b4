# Whence in a container: docker build -t whence . && docker run --rm -v "$PWD:$PWD" -w "$PWD" whence fit MODEL ...
# With --build-arg PROFILES=gpu it uses libtorch's CUDA build; run it with --gpus all.
ARG JAVA=25
FROM maven:3-eclipse-temurin-${JAVA} AS build
ARG PROFILES=
WORKDIR /src
COPY . .
RUN mvn --batch-mode --no-transfer-progress -DskipTests -Dmaven.test.skip.exec ${PROFILES:+-P${PROFILES}} -pl app -am package

FROM eclipse-temurin:${JAVA}-jre
RUN useradd --create-home --uid 10001 whence
COPY --from=build /src/app/target/whence /opt/whence
# Everything is written below the folders that are mounted; libtorch is unpacked into the cache. So the root may be read-only:
# docker run --read-only --tmpfs /tmp -v whence-cache:/cache ...
ENV WHENCE_CACHE=/cache
RUN mkdir /cache && chown whence /cache && chmod 1777 /cache
VOLUME /cache
USER whence
WORKDIR /work
ENTRYPOINT ["/opt/whence/bin/whence"]
