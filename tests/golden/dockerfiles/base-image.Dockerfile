FROM team/base:7@sha256:cd
USER root
COPY runner-build /runner-build
RUN cd /runner-build && '/opt/my conda/bin/python' -m runner_build.images.lock_installer 0.13.9 3.9
USER 10001:10001
