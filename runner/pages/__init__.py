"""The web pages and the report: HTML from what the operations return. It knows no server."""
