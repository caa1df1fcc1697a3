"""Data-parallel training, with an allreduce over plain sockets where PyTorch would use Gloo."""

import argparse
import json
import os
import socket
import sys
import time

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--model")
parser.add_argument("--fail", type=int, default=-1)
args = parser.parse_args()

rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
local_rank, node_rank = int(os.environ["LOCAL_RANK"]), int(os.environ["NODE_RANK"])
master = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))


def connected():
    until = time.time() + 60
    while True:
        try:
            return socket.create_connection(master, 10)
        except OSError:
            if time.time() > until:
                raise
            time.sleep(0.1)


def allreduce(value):
    """The sum over all ranks; rank 0 adds up."""
    if rank:
        with connected() as sock:
            sock.sendall(b"%d\n" % value)
            return int(sock.makefile().readline())
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", master[1]))
        server.listen(world_size)
        peers = [server.accept()[0] for _ in range(world_size - 1)]
        total = value + sum(int(peer.makefile().readline()) for peer in peers)
        for peer in peers:
            peer.sendall(b"%d\n" % total)
            peer.close()
        return total


if rank == args.fail:
    print("no gradient in rank %d" % rank)
    sys.exit(3)
total = allreduce(10 ** rank)
print("rank %d of %d (node %d, local %d): sum %d" % (rank, world_size, node_rank, local_rank, total))
assert rank == node_rank * int(os.environ["LOCAL_WORLD_SIZE"]) + local_rank
if args.fail >= 0:
    time.sleep(300)
if rank == 0:
    Run.get_context().log("sum", total)
if args.model:
    os.makedirs(args.model, exist_ok=True)
    with open(os.path.join(args.model, "shard%d.json" % rank), "w") as file:
        json.dump({"sum": total, "nodes": int(os.environ["AZUREML_NODE_COUNT"])}, file)
