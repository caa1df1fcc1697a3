"""The REST server: submission of published pipelines, and views of runs. Stateless over the store."""
