import argparse
import os

from azureml.core import Run


def boolean(text):
    return text == "True"


parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--years", type=int)
parser.add_argument("--bank", type=str)
parser.add_argument("--insured", type=boolean)
parser.add_argument("--fixed")
parser.add_argument("--note", default="none")
args = parser.parse_args()

run = Run.get_context()
run.log("rate", args.rate)
run.log("years", args.years)
run.log("bank", args.bank)
run.log("insured", args.insured)
run.log("fixed", args.fixed)
run.log("note", args.note)
# every parameter is in the environment also, and so is what `params` says
run.log("env_rate", os.environ["AML_PARAMETER_interest_rate"])
run.log("env_bank", os.environ["AML_PARAMETER_bank_name"])
run.log("env_region", os.environ["AML_PARAMETER_region"])
run.log("env_colour", os.environ["COLOUR"])
