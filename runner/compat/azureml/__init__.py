"""v1's package, on top of runner. Other distributions may add to it (azureml.dataprep …)."""

from pkgutil import extend_path

from runner.sdk.v1_names import install

__path__ = extend_path(__path__, __name__)
install()
