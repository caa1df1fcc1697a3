"""An MPI job as v1's examples start PyTorch or Horovod in it: by the variables of Open MPI and of Azure Batch."""

import os
import socket
import sys
import time

rank, size = int(os.environ["OMPI_COMM_WORLD_RANK"]), int(os.environ["OMPI_COMM_WORLD_SIZE"])
os.environ["RANK"], os.environ["WORLD_SIZE"] = str(rank), str(size)
address, port = os.environ["AZ_BATCH_MASTER_NODE"].split(":")
print("rank", rank, "of", size, "local", os.environ["OMPI_COMM_WORLD_LOCAL_RANK"], "with", sys.argv[1:])

if rank == 0:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", int(port)))
        server.listen(size)
        peers = [server.accept()[0] for _ in range(size - 1)]
        names = sorted(peer.makefile().readline().strip() for peer in peers)
        for peer in peers:
            peer.close()
    os.makedirs(sys.argv[2], exist_ok=True)
    with open(os.path.join(sys.argv[2], "ranks.txt"), "w") as file:
        file.write("\n".join(["0", *names]))
else:
    until = time.time() + 60
    while True:
        try:
            sock = socket.create_connection((address, int(port)), 10)
            break
        except OSError:
            if time.time() > until:
                raise
            time.sleep(0.1)
    sock.sendall(b"%d\n" % rank)
    sock.makefile().readline()
