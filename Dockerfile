# One image for the gateway and every agency service; the command says which one a container is.

FROM docker.io/library/python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv --without-pip /opt/mesh \
 && python -m pip --python /opt/mesh/bin/python install --no-cache-dir --no-compile --require-hashes --requirement requirements.lock \
 && /opt/mesh/bin/python -m compileall -q /opt/mesh/lib

FROM docker.io/library/python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mesh \
 && install -d -o mesh -g mesh -m 0700 /var/lib/mesh \
 && cd /var/lib/mesh \
 && install -d -o mesh -g mesh -m 0700 gateway police health legal_aid social
COPY --from=build /opt/mesh /opt/mesh
WORKDIR /app
COPY shared shared
COPY gateway gateway
COPY services services
COPY mesh mesh
ENV PATH=/opt/mesh/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MESH_HOME=/var/lib/mesh
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=6 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["python", "-m", "mesh"]
CMD ["--help"]
