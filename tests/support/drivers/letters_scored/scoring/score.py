import argparse
import os

from azureml.core.model import Model
from azureml_user.parallel_run import EntryScript


def init():
    global weights, factor
    parser = argparse.ArgumentParser(description="score letters")
    parser.add_argument("--model_name", dest="model_name", required=True)
    parser.add_argument("--factor", type=int, default=1)
    args, _ = parser.parse_known_args()
    factor = args.factor
    with open(Model.get_model_path(args.model_name)) as file:
        weights = {name: int(value) for name, value in (pair.split("=") for pair in file.read().split())}


def run(mini_batch):
    logger = EntryScript().logger
    logger.info("scored %d letters" % len(mini_batch))
    results = []
    for path in mini_batch:
        with open(path) as file:
            text = file.read()
        results.append("{}: {}".format(os.path.basename(path), factor * sum(weights[letter] for letter in text)))
    return results
