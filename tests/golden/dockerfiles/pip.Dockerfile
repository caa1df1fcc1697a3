FROM python:3.11-slim
USER root
COPY runner-build /runner-build
RUN cd /runner-build && /usr/local/bin/python3 -m runner_build.images.lock_installer 0.13.9 3.11
USER 10001:10001
