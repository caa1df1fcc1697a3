"""Published pipelines, pipeline endpoints and drafts."""
