FROM python:3.11-slim
USER root
RUN --mount=type=bind,source=runner-build,target=/runner-build --mount=type=cache,target=/runner-cache \
    cd /runner-build && PIP_CACHE_DIR=/runner-cache/pip UV_CACHE_DIR=/runner-cache/uv /usr/local/bin/python3 -m runner_build.images.lock_installer 0.13.9 3.11
USER 10001:10001
