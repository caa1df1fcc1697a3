"""The program of a ParallelRunStep: it cuts the inputs into mini-batches and lets many processes run them."""
