"""Files are written as a whole or not at all."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from zoobridge.files import AppendedFile, write_whole

OLD, NEW = "old\n", "neu: µm\r\n"

PROGRAM = """
import os, sys
from pathlib import Path
from zoobridge.files import write_whole
if os.geteuid() == 0:
    os.setuid(65534)
write_whole(Path("file.txt"), "0123456789" * 1000)
"""

APPENDING = """
from pathlib import Path
from zoobridge.files import AppendedFile
file = AppendedFile(Path("file.txt"), 4)
for number in range(10):
    file.append(b"0123456789" * 100)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text(OLD)
    return path


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


def small_disk():
    # A bound on the size of files fails a write just as a full disk does: in part, then wholly.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))


def written_elsewhere(folder, program=PROGRAM, **limits):
    """What a process says that writes 10,000 bytes as an ordinary user, and fails."""
    done = subprocess.run(
        # Half of a module's bytecode, as Python would leave it, would end everybody after it.
        [sys.executable, "-B", "-c", program],
        cwd=folder, capture_output=True, text=True, check=False, **limits,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def test_a_file_holds_the_new_text_to_the_letter_and_nothing_lies_beside_it(path):
    write_whole(path, NEW)
    assert path.read_bytes() == NEW.encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_not_there_is_made(tmp_path):
    write_whole(tmp_path / "new.txt", NEW)
    assert (tmp_path / "new.txt").read_bytes() == NEW.encode()


def test_who_has_opened_the_old_file_reads_it_to_its_end(path):
    with path.open() as file:
        write_whole(path, NEW)
        assert file.read() == OLD


def test_others_may_read_it_as_the_umask_says(path, umask):
    write_whole(path, NEW)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_private_file_is_its_owners_alone(path, umask):
    write_whole(path, NEW, private=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_file_and_nothing_else(path):
    path.parent.chmod(0o777)
    said = written_elsewhere(path.parent, preexec_fn=small_disk)
    assert said == "OSError: [Errno 27] File too large: 'file.txt'"
    assert path.read_text() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_may_not_be_written_in_is_named_and_left_as_it_is(path):
    path.parent.chmod(0o555)
    said = written_elsewhere(path.parent)
    assert said == "PermissionError: [Errno 13] Permission denied: 'file.txt'"
    assert path.read_text() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named_with_the_file(tmp_path):
    path = tmp_path / "nothing" / "file.txt"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(path, NEW)
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_told(path):
    with pytest.raises(NotADirectoryError) as caught:
        write_whole(path / "file.txt", NEW)
    assert caught.value.filename == str(path / "file.txt")


def test_a_folder_in_the_place_of_the_file_stays(tmp_path):
    path = tmp_path / "file.txt"
    path.mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        write_whole(path, NEW)
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == [path]
    assert list(path.iterdir()) == []


def test_text_that_is_none_changes_nothing(path):
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert path.read_text() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_what_is_appended_stands_in_the_file_at_once(path):
    file = AppendedFile(path)
    assert file.is_empty
    for data in (b"a\n", b"b\r\n"):
        file.append(data)
    assert not file.is_empty
    assert path.read_bytes() == b"a\nb\r\n"
    file.close()


def test_a_file_is_gone_on_with_behind_what_is_good(path):
    path.write_bytes(b"good\ncut o")
    file = AppendedFile(path, 5)
    file.append(b"more\n")
    file.close()
    assert path.read_bytes() == b"good\nmore\n"


def test_on_a_full_disk_what_was_appended_stays_and_nothing_half(path):
    said = written_elsewhere(path.parent, APPENDING, preexec_fn=small_disk)
    assert said == "OSError: [Errno 27] File too large: 'file.txt'"
    assert path.read_bytes() == OLD.encode() + b"0123456789" * 300


def test_a_device_that_takes_nothing_is_named():
    file = AppendedFile(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        file.append(b"x")
    file.close()
