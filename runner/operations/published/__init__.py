"""Published pipelines, endpoints, drafts and schedules in the workspace store."""
