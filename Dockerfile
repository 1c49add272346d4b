# An image of the server: `docker build -t obelisk .`, then see docs/how-to/containers.md. It wants its configuration mounted at
# /etc/obelisk. The test suite runs the steps below in a directory of their own; nobody built this image there.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
RUN python -m venv /opt/obelisk && /opt/obelisk/bin/pip install --target /opt/tools 'hatchling>=1.27'
WORKDIR /src
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY obelisk obelisk
COPY plugins plugins
RUN PYTHONPATH=/opt/tools /opt/obelisk/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . ./plugins/*/
RUN /opt/obelisk/bin/pip install /wheels/*.whl
RUN mkdir -p /empty

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="Obelisk" org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/obelisk /opt/obelisk
COPY --from=build --chown=10001:10001 /empty /var/lib/obelisk
COPY --from=build --chown=10001:10001 /empty /var/cache/obelisk
COPY --from=build /empty /etc/obelisk
RUN /opt/obelisk/bin/obelisk --version
ENV PATH=/opt/obelisk/bin:$PATH \
    HOME=/var/lib/obelisk \
    OBELISK_DATA_DIR=/var/lib/obelisk \
    OBELISK_CACHE_DIR=/var/cache/obelisk \
    OBELISK__OPERATOR__LISTENING_ADDR=127.0.0.1:9464
WORKDIR /etc/obelisk
VOLUME /var/lib/obelisk
EXPOSE 5005
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD python -c "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['OBELISK__OPERATOR__LISTENING_ADDR'].rpartition(':')[2] + '/healthz', timeout=4)"
ENTRYPOINT ["obelisk"]
CMD ["server", "run", "--config", "/etc/obelisk/obelisk.toml"]
