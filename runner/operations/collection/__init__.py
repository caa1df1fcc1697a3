"""``runner gc``: find what no kept run, registration or reusable result refers to, and delete it."""
