# One image; api, gateway and migrations differ by command.
FROM python:3.11-slim AS builder

# The driver is compiled against libpq here; the image that runs has neither compiler nor headers.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev libpq-dev \
    && rm -rf /var/lib/apt/lists/*

RUN python -m venv /opt/tripfile
ENV PATH=/opt/tripfile/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

COPY requirements/build.txt requirements/server.txt /build/requirements/
RUN pip install --require-hashes --requirement /build/requirements/build.txt --requirement /build/requirements/server.txt

COPY pyproject.toml README.md LICENSE NOTICE wsgi.py /build/
COPY core /build/core
COPY gateway /build/gateway
COPY migrations /build/migrations
COPY plugins /build/plugins
COPY plugin_template /build/plugin_template
RUN pip install --no-build-isolation --no-deps /build


FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent tripfile \
    && install --directory --owner=10001 --group=10001 --mode=700 \
        /var/lib/tripfile/files /var/lib/tripfile/records

COPY --from=builder /opt/tripfile /opt/tripfile

# Nothing is written outside /tmp and the folder of files, so the root file system may be read-only.
ENV PATH=/opt/tripfile/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    TRIPFILE_MODE=production HOST=0.0.0.0 PORT=3000 LOG_FORMAT=json FILES_DIR=/var/lib/tripfile/files

WORKDIR /srv
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["tripfile", "alive"]
ENTRYPOINT ["tripfile"]
CMD ["api"]
