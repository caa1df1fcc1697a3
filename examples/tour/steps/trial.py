import argparse
import math

from azureml.core import Run

options = argparse.ArgumentParser()
options.add_argument("--rate", type=float)
options.add_argument("--layers", type=int)
options.add_argument("--dropout", type=float)
options.add_argument("--activation")
options = options.parse_args()
best = (
    0.97 - 0.03 * abs(options.layers - 3) - 0.2 * abs(options.dropout - 0.2) - 0.03 * abs(math.log10(options.rate) + 2)
)
run = Run.get_context()
for epoch in range(10):
    run.log("accuracy", best - 0.4 / (1 + epoch))
