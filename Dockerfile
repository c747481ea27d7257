# acs-sim in a small image: how it is built, run and tried stands in docs/container.md.
FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements requirements
RUN python3 -m venv /opt/acs-sim
RUN /opt/acs-sim/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY . .
RUN /opt/acs-sim/bin/python -m pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin acs-sim
RUN mkdir /data && chown acs-sim /data && chmod 0700 /data
COPY --from=build /opt/acs-sim /opt/acs-sim
ENV PATH=/opt/acs-sim/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 ACS_SIM_DATA=/data ACS_SIM_HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 8100 8200 8300 8400
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --start-interval=500ms \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"
ENTRYPOINT ["acs-sim"]
CMD ["up"]
