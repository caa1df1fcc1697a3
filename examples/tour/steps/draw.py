import csv
import os
import struct
import sys
import zlib

from azureml.core import Run

COLOURS = {"Adelie": (230, 110, 40), "Chinstrap": (150, 80, 190), "Gentoo": (20, 130, 120)}
WIDTH, HEIGHT = 640, 420
with open(os.path.join(sys.argv[1], "penguins.csv")) as file:
    rows = list(csv.DictReader(file))
pixels = [bytearray(b"\xff" * 3 * WIDTH) for _ in range(HEIGHT)]
length, depth = (next(name for name in rows[0] if part in name) for part in ("bill_length", "bill_depth"))
for row in rows:
    x = int(40 + (float(row[length]) - 30) / 32 * (WIDTH - 80))
    y = int(HEIGHT - 40 - (float(row[depth]) - 12) / 11 * (HEIGHT - 80))
    for dx in range(-4, 5):
        for dy in range(-4, 5):
            if dx * dx + dy * dy <= 16 and 0 <= x + dx < WIDTH and 0 <= y + dy < HEIGHT:
                pixels[y + dy][3 * (x + dx) : 3 * (x + dx) + 3] = bytes(COLOURS[row["species"]])
for x in range(40, WIDTH - 20):
    pixels[HEIGHT - 36][3 * x : 3 * x + 3] = b"\x60\x60\x60"
for y in range(20, HEIGHT - 35):
    pixels[y][3 * 40 : 3 * 40 + 3] = b"\x60\x60\x60"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


os.makedirs("outputs", exist_ok=True)
with open("outputs/bills.png", "wb") as file:
    file.write(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in pixels)))
        + chunk(b"IEND", b"")
    )
with open("outputs/birds.html", "w") as file:
    body = "".join(f"<li>{name}: {sum(row['species'] == name for row in rows)}</li>" for name in COLOURS)
    file.write(f"<!doctype html><title>Birds</title><h1>Birds by species</h1><ul>{body}</ul>")
Run.get_context().log_image("bills", path="outputs/bills.png")
