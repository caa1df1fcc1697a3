import argparse
import os


def init():
    global closed
    parser = argparse.ArgumentParser()
    parser.add_argument("--rules")
    args, _ = parser.parse_known_args()
    with open(os.path.join(args.rules, "closed.txt")) as file:
        closed = file.read()


def run(mini_batch):
    assert set(mini_batch["note"]) == {'line one\nline "two"'}
    rows = mini_batch[(mini_batch["amount"] > int(os.environ["LIMIT"])) & (mini_batch["shop"] != closed)]
    return rows[["number", "amount", "shop"]]


def shutdown():
    print("done")
