"""v1's package for parallel scripts."""
