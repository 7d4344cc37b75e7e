"""What ends a training early, and what is too much: a sentence, and nothing that was done is lost."""

import tracemalloc

import pytest

from training_examples import TEXTURES, write_patches
from zoobridge.errors import ServerUnavailableError
from zoobridge.training import Annotation, TrainingProject
from zoobridge.training._selection import select


@pytest.mark.timeout(600)
def test_a_server_that_stops_in_the_middle_of_a_fit_is_named_and_the_next_fit_goes_on(
    user_folders, zoobridge_server, tmp_path
):
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    pictures = write_patches(tmp_path / "pictures", range(12))
    folder = tmp_path / "project"
    server = zoobridge_server(zoo)
    done = []

    def stop_after_the_first(stage, number, _):
        if stage == "features":
            done.append(number)
            if number == 1:
                server.process.terminate()
                server.process.wait()

    with TrainingProject("Stopped", folder=folder, client=server.client, zoo=zoo) as project:
        project.annotate_folder(pictures)
        with pytest.raises(ServerUnavailableError):
            project.fit(on_step=stop_after_the_first)
    assert done[-1] < 12 * len(TEXTURES)

    again = zoobridge_server(zoo)
    with TrainingProject("Stopped", folder=folder, client=again.client, zoo=zoo) as project:
        assert len(project.annotations) == 12 * len(TEXTURES)
        fitted = project.fit()
    assert len(fitted.examples) == 12 * len(TEXTURES)


def test_a_hundred_thousand_pictures_are_fitted_on_by_a_random_part_of_bounded_size():
    annotations = [
        Annotation(digest=f"{number:064x}", path=f"{number}.png", label="ab"[number % 2])
        for number in range(100_000)
    ]
    tracemalloc.start()
    selection = select(annotations, limit=20_000, seed=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(selection.annotations) == 20_000
    assert selection.left_out == ()
    (sentence,) = selection.sentences
    assert sentence == "only 20,000 of 100,000 items, chosen at random, are fitted on"
    assert selection == select(reversed(annotations), limit=20_000, seed=1)
    assert {one.label for one in selection.annotations} == {"a", "b"}
    assert peak < 100e6
