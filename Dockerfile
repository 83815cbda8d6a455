# syntax=docker/dockerfile:1

# The one place for the base of both stages, for every architecture: the tag says what it is, the digest is what counts.
# How to renew it: docs/how-to/run-in-a-container.md.
ARG BASE=python:3.12.15-slim-trixie@sha256:05cda9777409a9c3ffddd94a4c476b79f0769a0b4857f0c7ed9226b6800b0d6f

# --- Build: a wheel with the jars. Needs a JDK and Maven; the image does not. ------------------------------------------
FROM ${BASE} AS build
# Not pinned: Debian's archive drops old versions, so a pin would break the build one day.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends maven openjdk-21-jdk-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml hatch_build.py constraints*.txt README.md LICENSE THIRD-PARTY ./
COPY supply_chain supply_chain
COPY java java
COPY src src
# Nothing is installed that has not a recorded hash (but for setuptools, with which pip builds amazon-kclpy). The image's
# own pip installs into the environment, so that there is none inside. The jars that amazon-kclpy brings are older than
# ours, and never used.
RUN python -m pip install --no-cache-dir --require-hashes --requirement constraints-build.txt \
    && python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
    && python -m venv --without-pip /opt/record-processor \
    && python -m pip --python /opt/record-processor/bin/python install --no-cache-dir \
        --require-hashes --requirement constraints-runtime.txt \
    && python -m pip --python /opt/record-processor/bin/python install --no-cache-dir --no-deps /wheel/*.whl \
    && rm -r /opt/record-processor/lib/python3*/site-packages/amazon_kclpy/jars \
    && /opt/record-processor/bin/python -m record_processor.host.jar_sums

# --- Run: Python, a JRE, and nothing to build or install with. ---------------------------------------------------------
FROM ${BASE}
# That of src/record_processor/__init__.py; tests/unit/test_versions.py compares them.
LABEL org.opencontainers.image.title="record-processor" org.opencontainers.image.version="0.1.0"
# Debian's security fixes since the base was made, too: its digest stays the same until somebody renews it.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get upgrade --yes \
    && apt-get install --yes --no-install-recommends openjdk-21-jre-headless \
    && rm -rf /var/lib/apt/lists/* \
    && python -m pip uninstall --yes --no-cache-dir pip \
    && rm -rf /usr/local/lib/python3*/ensurepip \
    && useradd --system --create-home --uid 10001 worker
COPY --from=build /opt/record-processor /opt/record-processor
ENV PATH=/opt/record-processor/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/opt/record-processor/cache
# Halves the CPU time of a start. Here, since it belongs to this JRE.
RUN record-processor class-archive
# Mount worker.properties, actions.yaml and your handlers' modules here: it is on the import path. The worker writes to
# /dev/shm, and nowhere else by itself: docs/how-to/run-in-a-container.md.
WORKDIR /app
USER 10001
# Exec form: the command is process 1 and gets the SIGTERM of `docker stop`. Allow it shutdownGraceMillis and 5 s more.
STOPSIGNAL SIGTERM
ENTRYPOINT ["record-processor"]
CMD ["run", "worker.properties"]
