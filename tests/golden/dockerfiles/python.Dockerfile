FROM python:3.12-slim
USER root
COPY requirements.txt /runner-requirements.txt
RUN PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --no-cache-dir --disable-pip-version-check -r /runner-requirements.txt \
 && python3 -m pip freeze > /runner-lock.txt
USER 10001:10001
