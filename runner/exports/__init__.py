"""Runs for other tools: MLflow, OpenTelemetry and OpenLineage. Each module imports the packages of its own extra."""
