# The images of the mesh. `mesh` (the last, built by default) is the gateway and every agency service: the command says
# which one a container is. `proxy` and `watch` are programs of Debian that stand beside it.
# Each is put together from a base without installers and copied whole into an empty image, so that no layer below holds
# what was taken out.

FROM docker.io/library/python:3.13-slim AS base
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mesh \
 && rm -rf /usr/local/bin/pip* /usr/bin/pip* /usr/bin/pip3* /usr/local/lib/python3*/site-packages/* \
      /usr/lib/python3/dist-packages/pip* /usr/lib/python3/dist-packages/setuptools* /usr/lib/python3/dist-packages/wheel* \
      /usr/lib/python3/dist-packages/pkg_resources /usr/lib/python3/dist-packages/_distutils_hack \
      /usr/lib/python3*/ensurepip /usr/local/lib/python3*/ensurepip /usr/share/python-wheels \
      /usr/local/lib/python3*/idlelib /usr/local/lib/python3*/test /usr/lib/python3*/idlelib \
      /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /usr/share/man /usr/share/locale /usr/share/info

FROM docker.io/library/python:3.13-slim AS packages
WORKDIR /build
COPY requirements.lock .
RUN python -m venv --without-pip /opt/mesh \
 && python -m pip --python /opt/mesh/bin/python install --no-cache-dir --no-compile --require-hashes --requirement requirements.lock \
 && /opt/mesh/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/mesh/lib
COPY shared /app/shared
COPY gateway /app/gateway
COPY services /app/services
COPY mesh /app/mesh
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

FROM base AS assembled
RUN install -d -o mesh -g mesh -m 0700 /var/lib/mesh \
 && cd /var/lib/mesh \
 && install -d -o mesh -g mesh -m 0700 gateway police health legal_aid social databases broker nats nats/1 nats/2 nats/3 \
 && install -d -o mesh -g mesh -m 0755 databases/gateway databases/police databases/health databases/legal_aid databases/social broker
RUN rm -rf /usr/bin/apt* /usr/bin/dpkg* /usr/lib/apt /var/lib/apt /usr/lib/dpkg
COPY --from=packages /opt/mesh /opt/mesh
COPY --from=packages /app /app

FROM base AS with-proxy
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends haproxy >/dev/null \
 && rm -rf /var/lib/apt /var/cache/apt /usr/bin/apt* /usr/bin/dpkg* /usr/lib/apt /usr/lib/dpkg

FROM base AS with-prometheus
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null \
 && rm -rf /var/lib/apt /var/cache/apt /usr/bin/apt* /usr/bin/dpkg* /usr/lib/apt /usr/lib/dpkg \
 && install -d -o mesh -g mesh -m 0700 /var/lib/watch

FROM scratch AS proxy
COPY --from=with-proxy / /
COPY deploy/haproxy/haproxy.cfg /etc/haproxy/haproxy.cfg
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python3", "-I", "-S", "-c", "import socket; socket.create_connection(('127.0.0.1', 8404), 2).close()"]
ENTRYPOINT ["haproxy", "-W", "-f", "/etc/haproxy/haproxy.cfg"]

FROM scratch AS watch
COPY --from=with-prometheus / /
COPY deploy/prometheus /etc/prometheus
USER 10001
EXPOSE 9090
ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/var/lib/watch"]

FROM scratch AS mesh
COPY --from=assembled / /
WORKDIR /app
ENV PATH=/opt/mesh/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8 MESH_HOME=/var/lib/mesh
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-I", "-S", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=2); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "mesh"]
CMD ["--help"]
