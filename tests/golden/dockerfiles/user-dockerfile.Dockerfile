FROM debian:12
RUN apt-get install python3-pip
USER root
COPY runner-build /runner-build
RUN cd /runner-build && /usr/bin/python3 -m runner_build.images.lock_installer 0.13.9 3.11
USER 10001:10001
