"""What a worker printed is read in time, and never much of it."""

from zoobridge.engine.supervisor._worker_log import WorkerLog


def write(folder, text):
    with (folder / "stderr.log").open("a") as file:
        file.write(text)


def test_what_the_last_worker_printed_is_read(tmp_path):
    log = WorkerLog(tmp_path)
    log.begin()
    write(tmp_path, "first\n")
    log.begin()
    write(tmp_path, "second\nand last\n")
    assert log.printed() == "second\nand last"
    assert log.last_lines() == " (last lines of its log: second / and last)"


def test_the_middle_of_much_is_left_out(tmp_path):
    log = WorkerLog(tmp_path)
    write(tmp_path, "Fatal" + "x" * 1_000_000 + "the end")
    printed = log.printed()
    assert len(printed) < 6100
    assert printed.startswith("Fatal")
    assert "994012 bytes" in printed
    assert printed.endswith("the end")


def test_a_worker_that_printed_nothing_adds_nothing(tmp_path):
    log = WorkerLog(tmp_path)
    log.begin()
    assert log.printed() == log.last_lines() == ""
    write(tmp_path, "  \n")
    assert log.last_lines() == ""
