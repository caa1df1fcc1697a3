import argparse

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
Run.get_context().log("depth", parser.parse_args().depth)
