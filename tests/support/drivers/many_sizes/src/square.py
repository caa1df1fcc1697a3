def run(mini_batch):
    results = []
    for path in mini_batch:
        with open(path) as file:
            text = file.read()
        if text.isdigit():
            results.append("%d of %d" % (int(text) ** 2, len(mini_batch)))
        else:
            print("no number in", path)
    return results
