import argparse

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int)
Run.get_context().log("rounds", parser.parse_args().rounds)
