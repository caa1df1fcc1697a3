FROM debian:12
RUN apt-get install python3-pip
USER root
COPY requirements.txt /runner-requirements.txt
RUN python=$(command -v python3 || command -v python) \
 && "$python" -c "import sys; sys.version_info >= (3, 10) or sys.exit('runner: the base image has Python ' + sys.version.split()[0] + ', steps need 3.10 or newer')" \
 && PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 "$python" -m pip install --no-cache-dir --disable-pip-version-check -r /runner-requirements.txt \
 && "$python" -m pip freeze > /runner-lock.txt
USER 10001:10001
