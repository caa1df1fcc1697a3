"""The `azureml` package: v1's module paths over the SDK; see runner/azureml.py."""
