# syntax=docker/dockerfile:1

# --- Build: a wheel with the jars, and KCL's jars with amazon-kclpy. Needs a JDK and Maven; the image does not. --------
FROM python:3.12-slim-bookworm AS build
# Not pinned: Debian's archive drops old versions, so a pin would break the build one day.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends maven openjdk-17-jdk-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml hatch_build.py constraints.txt README.md LICENSE ./
COPY java java
COPY src src
RUN python -m venv /opt/record-processor \
    && /opt/record-processor/bin/pip install --no-cache-dir --constraint constraints.txt '.[webhook]' \
    && /opt/record-processor/bin/python -m record_processor.daemon.jar_sums

# --- Run: Python, a JRE, and nothing to build with. --------------------------------------------------------------------
FROM python:3.12-slim-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --uid 10001 worker
COPY --from=build /opt/record-processor /opt/record-processor
ENV PATH=/opt/record-processor/bin:$PATH \
    PYTHONUNBUFFERED=1
# Mount worker.properties, actions.yaml and your handlers' modules here: it is on the import path.
WORKDIR /app
USER 10001
# Exec form: the command is process 1 and gets the SIGTERM of `docker stop`. Allow it shutdownGraceMillis and 5 s more.
STOPSIGNAL SIGTERM
ENTRYPOINT ["record-processor"]
CMD ["run", "worker.properties"]
