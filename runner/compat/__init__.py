"""A folder that is put on the path so that `azureml` is ours; see runner/azureml.py."""
