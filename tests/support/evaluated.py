"""Runs of models over labelled pictures, to their end."""

from zoobridge.evaluation import choose_weights, run_model

__all__ = ["run_to_the_end"]


def run_to_the_end(client, name, dataset, *, folder, framework="", mapping=None, steps=None):
    """Return the run of a model; what it tells on its way is added to `steps`."""
    model = client.model(name)
    weights = choose_weights(model, framework)
    running = run_model(client, model, weights, dataset, folder=folder, mapping=mapping)
    while True:
        try:
            step = next(running)
        except StopIteration as end:
            return end.value
        if steps is not None:
            steps.append(step)
