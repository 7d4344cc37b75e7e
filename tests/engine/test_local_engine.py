"""A worker per model: it answers, and what goes wrong in it costs nobody else anything."""

import contextlib
import threading
import time

import numpy as np
import psutil
import pytest

from engine_asks import (
    DAWDLES,
    DIES,
    FAILS,
    HANGS,
    HOLDS,
    LIES,
    NAN,
    WRONG_COUNT,
    answer_of,
    ask,
    processes,
    request_for,
    work,
)
from pixels import to_pixels
from served import wait_until
from zoobridge.engine import pack_tensors, unpack_tensors
from zoobridge.errors import (
    BackendError,
    CancelledError,
    DeadlineError,
    InvalidRequestError,
    OverloadedError,
    RefusedInputError,
    WorkerError,
    ZooBridgeError,
)
from zoobridge.protocol import Limits, error_from_status
from zoobridge.protocol.v1 import classification_pb2 as messages


def test_a_picture_is_answered(engine, faulty):
    response = ask(engine, faulty(), 10)
    (result,) = response.results
    assert [score.label for score in result.prediction.top] == ["dark", "bright"]
    mean = (10 + 15 * 100) / 16
    assert result.prediction.top[1].score == pytest.approx(mean)
    assert response.timing.inference_seconds > 0


def test_the_state_of_a_loaded_copy_is_told(engine, faulty):
    model = faulty()
    state = engine.load(model, model.weights[0])
    assert state.device == "cpu"
    assert state.confinement == "landlock"
    assert state.memory_bytes > 1 << 20
    ask(engine, model, 1)
    (state,) = engine.loaded()
    assert state.items == 1


def test_unloading_ends_the_worker(engine, faulty):
    model = faulty()
    ask(engine, model, 1)
    before = processes()
    assert engine.unload(model) == 1
    assert engine.loaded() == []
    assert len(processes()) < len(before)
    assert engine.unload(model) == 0


def test_many_callers_get_their_own_answers(engine, faulty):
    model = faulty()
    wrong = []

    def call(rest):
        for first in range(40):
            top = ask(engine, model, first, rest=rest).results[0].prediction.top
            bright = next(score for score in top if score.label == "bright")
            if bright.score != pytest.approx((first + 15 * rest) / 16):
                wrong.append((first, rest, bright.score))

    _all_at_once(call, [(rest,) for rest in range(0, 160, 20)])
    assert wrong == []


def test_first_calls_of_many_cause_one_load(make_engine, faulty):
    engine = make_engine()
    model = faulty(command="slow")
    answers = [engine.submit(work(model, request_for(1))) for _ in range(64)]
    for answer in answers:
        assert answer_of(answer).results[0].prediction.top
    assert len(engine.loaded()) == 1


def test_loading_one_model_does_not_delay_another(make_engine, faulty):
    engine = make_engine()
    quick, slow = faulty("quick"), faulty("slow", "slow")
    ask(engine, quick, 1)
    waiting = engine.submit(work(slow, request_for(1)))
    ask(engine, quick, 1)
    assert [state.model.id for state in engine.loaded()] == ["quick"]
    answer_of(waiting)


def test_an_item_that_the_network_refuses_has_an_error_of_its_own(engine, faulty):
    error = _item_error(ask(engine, faulty(), FAILS).results[0])
    assert isinstance(error, BackendError)
    assert "does not like this picture" in str(error)


def test_a_batch_with_a_bad_item_answers_the_others(engine, faulty):
    model = faulty()
    picture = np.full((4, 40), 7, np.uint8)
    picture[0, 12] = FAILS
    results = _regions(engine, model, picture)
    assert [bool(result.prediction.top) for result in results] == [i != 3 for i in range(10)]


def test_nan_is_no_answer(engine, faulty):
    assert "NaN" in str(_item_error(ask(engine, faulty(), NAN).results[0]))


def test_a_network_that_answers_too_few_items_is_not_believed(engine, faulty):
    assert "answered 0 items" in str(_item_error(ask(engine, faulty(), WRONG_COUNT).results[0]))


def test_a_request_that_ends_the_worker_twice_is_refused_from_then_on(engine, faulty):
    model = faulty()
    with pytest.raises(RefusedInputError, match="ended the model's worker process twice"):
        ask(engine, model, DIES)
    assert ask(engine, model, 1).results[0].prediction.top
    with pytest.raises(RefusedInputError):
        ask(engine, model, DIES)


def test_those_beside_a_deadly_request_are_answered(engine, faulty):
    model = faulty()
    ask(engine, model, 1)
    answers = [
        engine.submit(work(model, request_for(first)))
        for first in (DAWDLES, DAWDLES, DIES, 4, 5, 6)
    ]
    outcomes = []
    for answer in answers:
        try:
            outcomes.append(bool(answer_of(answer).results[0].prediction.top))
        except RefusedInputError:
            outcomes.append("refused")
    assert outcomes == [True, True, "refused", True, True, True]


def test_weights_that_cannot_be_loaded_are_an_error_each_time(engine, faulty):
    model = faulty(command="refuse")
    for _ in range(2):
        with pytest.raises(BackendError, match="these weights are refused"):
            ask(engine, model, 1)


def test_a_worker_that_dies_while_loading_is_an_error(engine, faulty):
    with pytest.raises(WorkerError, match="was ended by SIGABRT while it loaded"):
        ask(engine, faulty(command="die"), 1)


def test_a_worker_killed_from_outside_is_replaced(engine, faulty):
    model = faulty()
    ask(engine, model, 1)
    for process in processes():
        if not process.children():
            process.kill()
    assert ask(engine, model, 2).results[0].prediction.top


def test_a_deadline_reaches_the_queue(engine, faulty):
    model = faulty()
    ask(engine, model, 1)
    slow = [engine.submit(work(model, request_for(DAWDLES))) for _ in range(6)]
    with pytest.raises(DeadlineError):
        answer_of(engine.submit(work(model, request_for(1), seconds=0.05)))
    for answer in slow:
        answer_of(answer)


def test_cancelled_work_is_dropped_and_the_worker_goes_on(engine, faulty):
    model = faulty()
    ask(engine, model, 1)
    answers = [engine.submit(work(model, request_for(DAWDLES))) for _ in range(40)]
    for answer in answers:
        answer.cancel()
    for answer in answers:
        with pytest.raises(CancelledError):
            answer_of(answer)
    ask(engine, model, 1)
    ((_, statistics),) = engine.statistics()
    assert sum(batches.count for batches in statistics.batches.values()) < 20


def test_too_much_work_is_refused_with_a_time_to_wait(make_engine, faulty):
    engine = make_engine(limits=Limits(queued_items=100))
    model = faulty()
    accepted = []
    with pytest.raises(OverloadedError, match="try again") as caught:
        accepted.extend(engine.submit(work(model, request_for(DAWDLES))) for _ in range(5000))
    assert caught.value.retry_after > 0
    for answer in accepted:
        answer.cancel()


def test_a_worker_that_speaks_nonsense_is_ended_and_the_server_goes_on(engine, faulty):
    model = faulty()
    with pytest.raises(WorkerError, match="malformed response"):
        ask(engine, model, LIES)
    assert ask(engine, model, 1).results[0].prediction.top


def test_a_stalled_worker_is_ended(make_engine, faulty):
    engine = make_engine(stall_seconds=1.0)
    model = faulty()
    with pytest.raises(ZooBridgeError):
        ask(engine, model, HANGS)
    assert ask(engine, model, 1).results[0].prediction.top


def test_a_worker_whose_interpreter_is_held_is_ended_by_the_deadline(make_engine, faulty):
    engine = make_engine()
    model = faulty()
    ask(engine, model, 1)
    begun = time.monotonic()
    with pytest.raises(ZooBridgeError):
        answer_of(engine.submit(work(model, request_for(HOLDS), seconds=1.0)))
    assert ask(engine, model, 1).results[0].prediction.top
    seconds = time.monotonic() - begun
    print(f"\nanswered again {seconds:.1f} s after the call that holds the interpreter")
    # Ten minutes is what a worker that runs, and never answers, may take.
    assert seconds < 60
    with pytest.raises(RefusedInputError, match="did not end"):
        engine.submit(work(model, request_for(HOLDS), seconds=1.0))


def test_a_worker_that_is_killed_while_it_loads_is_started_once_more(make_engine, faulty, caplog):
    engine = make_engine()
    answer = engine.submit(work(faulty(command="slow"), request_for(1)))
    wait_until(_workers)
    # By then it has been sent what to load.
    time.sleep(0.5)
    (worker,) = _workers()
    worker.kill()
    assert answer_of(answer).results[0].prediction.top
    assert "SIGKILL (out of memory?) while it loaded" in caplog.text


def test_a_worker_that_is_killed_each_time_it_loads_is_an_error(make_engine, faulty):
    engine = make_engine()
    answer = engine.submit(work(faulty(command="slow"), request_for(1)))
    answered = threading.Event()

    def kill() -> None:
        while not answered.wait(0.7):
            with contextlib.suppress(psutil.Error):
                for worker in _workers():
                    worker.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        with pytest.raises(WorkerError, match="SIGKILL"):
            answer_of(answer)
    finally:
        answered.set()
        killing.join()


def test_a_fork_server_that_is_killed_while_it_imports_is_started_once_more(make_engine, faulty):
    engine = make_engine(fork=True)
    answer = engine.submit(work(faulty(), request_for(1)))
    wait_until(processes)
    processes()[0].kill()
    assert answer_of(answer).results[0].prediction.top


def _workers():
    """The workers that fork servers of this test have started."""
    found = [child for process in processes() for child in process.children()]
    return list({child.pid: child for child in found}.values())


def test_what_a_worker_printed_as_it_died_is_in_the_servers_log(make_engine, faulty, caplog):
    engine = make_engine()
    model = faulty()
    with pytest.raises(RefusedInputError):
        ask(engine, model, DIES)
    assert "Fatal Python error: Aborted" in caplog.text
    assert "zoobridge_faulty.py" in caplog.text


def test_bytes_that_are_no_request_are_an_error(engine, faulty):
    with pytest.raises(InvalidRequestError, match="not a ClassifyRequest"):
        answer_of(engine.submit(work(faulty(), b"\xff\xff\xff")))


def test_a_request_without_a_picture_is_an_error(engine, faulty):
    with pytest.raises(InvalidRequestError, match="holds no picture"):
        answer_of(engine.submit(work(faulty(), messages.ClassifyRequest().SerializeToString())))


def test_parts_come_while_the_request_runs(make_engine, faulty):
    engine = make_engine()
    model = faulty()
    picture = np.full((4, 8000), 7, np.uint8)
    request = _regions_request(picture)
    parts = list(engine.submit(work(model, request, parts=True)))
    assert len(parts) > 1
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    response = messages.ClassifyResponse.FromString(b"".join(part.response for part in parts))
    assert sorted(result.index for result in response.results) == list(range(2000))
    assert all(part.total == 2000 for part in parts)


def test_tensors_go_straight_through_the_network(engine, faulty):
    model = faulty()
    batch = np.arange(3 * 16, dtype=np.float32).reshape(3, 4, 4)
    (part,) = engine.submit(work(model, pack_tensors({"input": batch}), tensors=True))
    scores = unpack_tensors(part.response)["output"]
    assert scores[:, 0] == pytest.approx(batch.mean(axis=(1, 2)))


def test_a_network_that_refuses_tensors_is_an_error(engine, faulty):
    model = faulty()
    batch = np.full((1, 4, 4), FAILS, np.float32)
    with pytest.raises(BackendError, match="does not like"):
        list(engine.submit(work(model, pack_tensors({"input": batch}), tensors=True)))


def test_statistics_count_what_was_done(engine, faulty):
    model = faulty()
    for first in (1, 2, FAILS):
        ask(engine, model, first)
    ((_, statistics),) = engine.statistics()
    assert statistics.requests == 3
    assert (statistics.items, statistics.failed_items) == (3, 1)
    assert statistics.batches[1].count == 2
    assert statistics.success_seconds >= statistics.inference_seconds > 0


def test_closing_answers_what_was_accepted(make_engine, faulty):
    engine = make_engine()
    model = faulty()
    ask(engine, model, 1)
    answers = [engine.submit(work(model, request_for(DAWDLES))) for _ in range(4)]
    engine.close(grace=10)
    for answer in answers:
        assert answer_of(answer).results[0].prediction.top
    with pytest.raises(OverloadedError, match="shutting down"):
        engine.submit(work(model, request_for(1)))


def test_nothing_is_left_behind(make_engine, faulty, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    engine = make_engine()
    ask(engine, faulty(), 1)
    assert list(scratch.iterdir())
    engine.close(grace=5)
    assert list(scratch.iterdir()) == []


def _regions_request(picture):
    regions = [
        {"id": str(x), "box": {"x": 4 * x, "y": 0, "width": 4, "height": 4}}
        for x in range(picture.shape[1] // 4)
    ]
    request = messages.ClassifyRequest(image={"pixels": to_pixels(picture, "YX")}, regions=regions)
    return request.SerializeToString()


def _regions(engine, model, picture):
    return answer_of(engine.submit(work(model, _regions_request(picture)))).results


def _item_error(result):
    assert result.WhichOneof("outcome") == "error"
    return error_from_status(result.error)


def _all_at_once(target, arguments):
    threads = [threading.Thread(target=target, args=args) for args in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
