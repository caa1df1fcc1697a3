FROM team/conda:1
USER root
ENV MAMBA_ROOT_PREFIX="${MAMBA_ROOT_PREFIX:-/opt/conda}"
ENV PATH="${PATH}:${MAMBA_ROOT_PREFIX}/bin"
RUN tools='micromamba, mamba, conda'; \
    tool=$(command -v micromamba || command -v mamba || command -v conda) \
    || { echo "runner: the base image has none of $tools" >&2; exit 1; }; \
    python=$(command -v python3 || command -v python || true); \
    prefix=$([ -z "$python" ] || "$python" -c 'import sys; print(sys.prefix)'); \
    if [ -d "$prefix/conda-meta" ]; then set -- --prefix "$prefix"; else set -- --name base; fi; \
    [ -n "$python" ] || set -- "$@" python=3.10; \
    "$tool" install --yes --channel conda-forge --channel https://conda.example.org/team "$@" 'ffmpeg>=4,<6' r-base=4.1 && "$tool" clean --all --yes
USER 10001:10001
USER root
COPY runner-build /runner-build
RUN cd /runner-build && /opt/conda/bin/python3 -m runner_build.images.lock_installer 0.13.9 3.10
USER 10001:10001
