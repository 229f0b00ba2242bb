# Two images of one wheel: `docker build --target cpu .` and `docker build --target gpu .`
# onnxruntime-gpu 1.31 is built for CUDA 13 and cuDNN 9: change both together. CUDA 13 needs an
# NVIDIA driver of 580 or newer and a GPU of the Turing generation or newer.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm
ARG CUDA_IMAGE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04

# --- the wheel: code, assets and migrations ----------------------------------------------------
FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY assets assets
COPY migrations migrations
COPY workers workers
COPY renderer renderer
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

# --- environments: made here, copied whole; pip stays behind -----------------------------------
# Wheels alone, so that no compiler is needed; docopt is one file of Python and has no wheel.
FROM ${PYTHON_IMAGE} AS cpu-environment
COPY --from=wheel /wheels /wheels
# hadolint ignore=DL3013 # our own wheel; what it needs is in pyproject.toml
RUN python -m venv --without-pip /opt/barkline \
    && set -- /wheels/barkline-*.whl \
    && pip --python /opt/barkline/bin/python install --no-cache-dir \
        --only-binary :all: --no-binary docopt "$1[cpu,service]"

FROM ${CUDA_IMAGE} AS gpu-environment
ARG ONNXRUNTIME_GPU=1.31.1
# hadolint ignore=DL3008 # the distribution keeps one version of a release's Python
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY --from=wheel /wheels /wheels
# hadolint ignore=DL3013 # as above
RUN python3 -m venv --without-pip /opt/barkline \
    && set -- /wheels/barkline-*.whl \
    && pip --python /opt/barkline/bin/python install --no-cache-dir \
        --only-binary :all: --no-binary docopt \
        "$1[gpu,service]" "onnxruntime-gpu==${ONNXRUNTIME_GPU}"

# --- what runs -----------------------------------------------------------------------------------
FROM ${CUDA_IMAGE} AS gpu
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 barkline \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin barkline \
    && install --directory --owner 10001 --group 10001 /var/lib/barkline/voices /srv/objects
COPY --from=gpu-environment /opt/barkline /opt/barkline
ENV PATH=/opt/barkline/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BARKLINE_VOICES=/var/lib/barkline/voices \
    BARKLINE_METRICS_HOST=0.0.0.0 \
    BARKLINE_METRICS_PORT=9464
USER 10001:10001
WORKDIR /tmp
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"BARKLINE_METRICS_PORT\"]}/healthz', timeout=3)"]
ENTRYPOINT ["barkline"]
CMD ["worker"]

FROM ${PYTHON_IMAGE} AS cpu
RUN groupadd --gid 10001 barkline \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin barkline \
    && install --directory --owner 10001 --group 10001 /var/lib/barkline/voices /srv/objects
COPY --from=cpu-environment /opt/barkline /opt/barkline
ENV PATH=/opt/barkline/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BARKLINE_VOICES=/var/lib/barkline/voices \
    BARKLINE_METRICS_HOST=0.0.0.0 \
    BARKLINE_METRICS_PORT=9464
USER 10001:10001
WORKDIR /tmp
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"BARKLINE_METRICS_PORT\"]}/healthz', timeout=3)"]
ENTRYPOINT ["barkline"]
CMD ["worker"]
