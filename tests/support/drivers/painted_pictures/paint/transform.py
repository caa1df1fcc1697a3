import argparse
import os


def init():
    global output_path, palette
    parser = argparse.ArgumentParser(description="Paint frames")
    parser.add_argument("--style", choices=["mosaic", "candy"])
    parser.add_argument("--palettes")
    parser.add_argument("--output", type=str)  # one of the runner's own options
    args, _ = parser.parse_known_args()
    output_path = args.output
    assert args.palettes.startswith("/tmp/"), args.palettes
    with open(os.path.join(args.palettes, args.style + ".txt")) as file:
        palette = file.read()
    os.makedirs(output_path, exist_ok=True)


def run(mini_batch):
    for path in mini_batch:
        with open(path) as file:
            header, pixels = file.read().splitlines()
        with open(os.path.join(output_path, os.path.basename(path)), "w") as file:
            file.write(header + "\n" + " ".join(palette[int(pixel)] for pixel in pixels.split()) + "\n")
    return mini_batch
