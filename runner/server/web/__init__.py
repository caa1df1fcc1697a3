"""The web pages of the server: routes, browser sessions, forms. Their HTML is made in `runner.pages`."""
