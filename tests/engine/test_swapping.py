"""Answers are never swapped, however many requests run side by side."""

import random
import threading
from collections import deque

import pytest

from engine_asks import answer_of, request_for, work

MODELS, CALLERS, REQUESTS, WINDOW = 5, 8, 100_000, 64


def bright(response) -> float:
    (result,) = response.results
    return next(score.score for score in result.prediction.top if score.label == "bright")


@pytest.mark.timeout(600)
def test_a_hundred_thousand_requests_over_five_models_get_their_own_answers(make_engine, faulty):
    engine = make_engine()
    models = [faulty(f"model-{number}", f"scale {number + 1}") for number in range(MODELS)]
    requests = [request_for(first) for first in range(200)]
    alone = {
        (number, first): bright(answer_of(engine.submit(work(model, requests[first]))))
        for number, model in enumerate(models)
        for first in range(200)
    }
    assert len(set(alone.values())) > 500
    wrong = []
    answered = []

    def check(waiting) -> None:
        question, answer = waiting.popleft()
        if bright(answer_of(answer)) != alone[question]:
            wrong.append(question)

    def call(seed: int) -> None:
        chance = random.Random(seed)
        waiting: deque = deque()
        for _ in range(REQUESTS // CALLERS):
            question = (chance.randrange(MODELS), chance.randrange(200))
            model = models[question[0]]
            waiting.append(
                (question, engine.submit(work(model, requests[question[1]], seconds=300)))
            )
            if len(waiting) >= WINDOW:
                check(waiting)
        while waiting:
            check(waiting)
        answered.append(REQUESTS // CALLERS)

    callers = [threading.Thread(target=call, args=(seed,)) for seed in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sum(answered) == REQUESTS
    assert wrong == []
