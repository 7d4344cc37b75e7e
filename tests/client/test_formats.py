"""CZI, ND2, LIF, OIB, OIF, DICOM, HEIC and AVIF are read where the client runs, as pixels with axes."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pydicom
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pylibCZIrw import czi

from nd2_file import write_nd2
from oib_file import write_oib, write_oif
from pixels import from_pixels
from zoobridge.client import find_images
from zoobridge.client._call_state import build
from zoobridge.client._images import sources
from zoobridge.client._packing import ImageGroup
from zoobridge.errors import ImageFormatError
from zoobridge.protocol.v1 import classification_pb2 as pb

STACK = np.random.default_rng(2).integers(0, 4096, (2, 3, 20, 30), np.uint16)


def message(path, **options):
    return read(path, **options)[0]


def read(path, **options):
    """Return what is sent of a file, and what is noted of it."""
    found, _ = sources(path, **options)
    source = next(found)
    request = build(ImageGroup((source,)), pb.ClassifyRequest(), limit=lambda: 1 << 30)
    return pb.ClassifyRequest.FromString(request).image, source.notes


def missing(image):
    return {tuple(one.indexes): one.reason for one in image.pixels.missing}


def write_czi(path: Path) -> None:
    with czi.create_czi(str(path)) as file:
        for z, c in np.ndindex(2, 3):
            file.write(data=STACK[z, c][..., np.newaxis], plane={"Z": z, "C": c})


def write_colour_czi(path: Path, colours: np.ndarray) -> None:
    with czi.create_czi(str(path)) as file:
        file.write(data=np.ascontiguousarray(colours[..., ::-1]), plane={})


def write_lif(path: Path, planes: np.ndarray, *, names: tuple[str, ...] = ("stack",)) -> None:
    """Write a Leica file by hand: a description, and a block of memory for each picture."""
    depth, height, width = planes.shape
    dimensions = "".join(
        f'<DimensionDescription DimID="{number}" NumberOfElements="{length}" Origin="0" '
        f'Length="1" Unit="m" BitInc="0" BytesInc="{step}"/>'
        for number, length, step in ((1, width, 1), (2, height, width), (3, depth, width * height))
    )
    channel = (
        '<ChannelDescription DataType="0" ChannelTag="0" Resolution="8" NameOfMeasuredQuantity="" '
        'Min="0" Max="255" Unit="" LUTName="Gray" IsLUTInverted="0" BytesInc="0" BitInc="0"/>'
    )
    elements = "".join(
        f'<Element Name="{name}" Visibility="1"><Data><Image><ImageDescription><Channels>{channel}'
        f"</Channels><Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{planes.nbytes}" MemoryBlockID="MemBlock_{number}"/></Element>'
        for number, name in enumerate(names, 2)
    )
    text = (
        '<LMSDataContainerHeader Version="2"><Element Name="p" Visibility="1"><Data>'
        '</Data><Memory Size="0" MemoryBlockID="MemBlock_1"/><Children>'
        f"{elements}</Children></Element></LMSDataContainerHeader>"
    )
    head = text.encode("utf-16-le")
    data = struct.pack("<IIBI", 0x70, len(head) + 5, 0x2A, len(head) // 2) + head
    for number in range(2, 2 + len(names)):
        name = f"MemBlock_{number}".encode("utf-16-le")
        block = struct.pack("<BQBI", 0x2A, planes.nbytes, 0x2A, len(name) // 2) + name
        data += struct.pack("<II", 0x70, len(block)) + block + planes.tobytes()
    path.write_bytes(data)


def write_dicom(path: Path, frames: np.ndarray) -> None:
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    file = pydicom.Dataset()
    file.file_meta = meta
    file.SOPClassUID, file.SOPInstanceUID = (
        SecondaryCaptureImageStorage,
        meta.MediaStorageSOPInstanceUID,
    )
    file.Rows, file.Columns = frames.shape[-2:]
    file.NumberOfFrames = len(frames)
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelData = frames.tobytes()
    file.save_as(path, enforce_file_format=True)


def test_a_czi_is_sent_as_pixels_with_its_axes(tmp_path):
    write_czi(tmp_path / "a.czi")
    sent = message(tmp_path / "a.czi")
    assert sent.pixels.axes == "ZCYX"
    np.testing.assert_array_equal(from_pixels(sent.pixels), STACK)


def test_the_colours_of_a_czi_are_red_green_and_blue(tmp_path):
    colours = np.random.default_rng(4).integers(0, 255, (16, 24, 3), np.uint8)
    write_colour_czi(tmp_path / "a.czi", colours)
    sent = message(tmp_path / "a.czi")
    assert sent.pixels.axes == "YXC"
    np.testing.assert_array_equal(from_pixels(sent.pixels), colours)


def test_a_lif_is_sent_as_pixels_with_its_axes(tmp_path):
    planes = np.random.default_rng(4).integers(0, 255, (3, 16, 24), np.uint8)
    write_lif(tmp_path / "a.lif", planes)
    sent = message(tmp_path / "a.lif")
    assert sent.pixels.axes == "ZYX"
    np.testing.assert_array_equal(from_pixels(sent.pixels), planes)


def test_an_nd2_is_sent_as_pixels_with_its_axes_and_the_bits_of_its_camera(tmp_path):
    stack = np.random.default_rng(6).integers(0, 4096, (3, 2, 20, 30), np.uint16)
    write_nd2(tmp_path / "a.nd2", stack, bits=12)
    sent = message(tmp_path / "a.nd2")
    assert (sent.pixels.axes, sent.pixels.significant_bits) == ("ZCYX", 12)
    np.testing.assert_array_equal(from_pixels(sent.pixels), stack)
    assert not missing(sent)


def test_frames_that_an_nd2_states_but_does_not_hold_are_named(tmp_path):
    stack = np.random.default_rng(6).integers(1, 4096, (4, 2, 20, 30), np.uint16)
    write_nd2(tmp_path / "a.nd2", stack, bits=12, absent=(1, 3))
    sent = message(tmp_path / "a.nd2")
    np.testing.assert_array_equal(from_pixels(sent.pixels)[[0, 2]], stack[[0, 2]])
    assert missing(sent) == dict.fromkeys([(1,), (3,)], "the file does not hold it")


@pytest.mark.parametrize(("name", "write"), [("a.oif", write_oif), ("a.OIB", write_oib)])
def test_an_olympus_file_is_sent_with_the_bits_of_its_detector_and_what_is_missing(
    tmp_path, name, write
):
    stack = np.moveaxis(STACK, 0, 1)
    write(tmp_path / name, stack, absent=[(1, 1), (2, 1)])
    sent, notes = read(tmp_path / name)
    assert (sent.pixels.axes, sent.pixels.significant_bits) == ("CZYX", 12)
    np.testing.assert_array_equal(from_pixels(sent.pixels)[:, 0], stack[:, 0])
    assert missing(sent) == dict.fromkeys([(1, 1), (2, 1)], "the file does not hold it")
    assert notes == []
    reference = message(tmp_path / name, series=1)
    np.testing.assert_array_equal(from_pixels(reference.pixels), stack[0, 0, ::2, ::2])


def test_planes_at_the_end_of_an_olympus_file_that_were_not_recorded_are_named(tmp_path):
    write_oib(tmp_path / "a.oib", STACK, absent=[(c, 2) for c in range(2)])
    assert set(missing(message(tmp_path / "a.oib"))) == {(0, 2), (1, 2)}


def test_planes_that_a_czi_states_but_does_not_hold_are_named(tmp_path):
    with czi.create_czi(str(tmp_path / "a.czi")) as file:
        for z, c in np.ndindex(2, 3):
            if (z, c) != (1, 2):
                file.write(data=STACK[z, c][..., np.newaxis], plane={"Z": z, "C": c})
    sent = message(tmp_path / "a.czi")
    assert sent.pixels.axes == "ZCYX"
    assert missing(sent) == {(1, 2): "the file does not hold it"}


def test_channels_of_several_types_are_not_mixed(tmp_path):
    with czi.create_czi(str(tmp_path / "a.czi")) as file:
        file.write(data=STACK[0, 0][..., np.newaxis], plane={"C": 0})
        file.write(data=STACK[0, 1].astype(np.uint8)[..., np.newaxis], plane={"C": 1})
    with pytest.raises(ImageFormatError, match="several pixel types"):
        message(tmp_path / "a.czi")


def write_scenes(path):
    with czi.create_czi(str(path)) as file:
        for scene in range(2):
            plane = STACK[0, scene][..., np.newaxis]
            file.write(data=plane, plane={}, scene=scene, location=(100 * scene, 0))


def write_pictures(path):
    planes = np.random.default_rng(4).integers(0, 255, (3, 16, 24), np.uint8)
    write_lif(path, planes, names=("cells", "nuclei"))


@pytest.mark.parametrize(
    ("write", "listed"),
    [(write_scenes, "0 (scene 0), 1 (scene 1)"), (write_pictures, "0 (cells), 1 (nuclei)")],
    ids=["czi", "lif"],
)
def test_where_a_file_holds_several_pictures_the_answer_says_which_was_taken(
    tmp_path, write, listed
):
    write(tmp_path / "a")
    _, (note,) = read(tmp_path / "a")
    assert note.notice == f"the file holds 2 pictures, and picture 0 was taken: {listed}"
    assert note.notice_field == "image.series"
    chosen, notes = read(tmp_path / "a", series=1)
    assert notes == []
    if write is write_scenes:
        np.testing.assert_array_equal(from_pixels(chosen.pixels), STACK[0, 1])


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_heic_photo_is_sent_as_pixels(tmp_path, mode):
    ramp = np.add.outer(np.arange(0, 128, 2), np.arange(0, 128, 2)).astype(np.uint8)
    photo = Image.fromarray(ramp).convert(mode)
    pillow_heif.from_pillow(photo).save(tmp_path / "a.jpg", quality=-1)
    sent = message(tmp_path / "a.jpg")
    pixels = from_pixels(sent.pixels).astype(int)
    if mode == "L" and pixels.ndim == 3:
        pixels = pixels[..., 0]
    np.testing.assert_allclose(pixels, np.asarray(photo).astype(int), atol=3)


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_an_avif_picture_is_sent_with_all_its_bits(tmp_path, bits):
    dtype = np.uint8 if bits == 8 else np.uint16
    photo = np.random.default_rng(7).integers(0, 1 << bits, (16, 24, 3), dtype)
    data = imagecodecs.avif_encode(photo, level=100, bitspersample=bits, speed=10)
    (tmp_path / "a.jpg").write_bytes(data)
    sent = message(tmp_path / "a.jpg")
    assert (sent.pixels.axes, sent.pixels.significant_bits) == ("YXC", 0 if bits == 8 else bits)
    np.testing.assert_array_equal(from_pixels(sent.pixels), photo)


def test_an_avif_picture_in_the_container_of_heic_is_read_as_avif(tmp_path):
    photo = np.random.default_rng(7).integers(0, 255, (16, 24), np.uint8)
    data = imagecodecs.avif_encode(photo, level=100, speed=10)
    assert data[8:12] == b"avif"
    (tmp_path / "a.heif").write_bytes(data[:8] + b"mif1" + data[12:])
    np.testing.assert_array_equal(from_pixels(message(tmp_path / "a.heif").pixels), photo)


def test_the_frames_of_an_avif_film_lie_along_t(tmp_path):
    film = np.random.default_rng(8).integers(0, 255, (2, 16, 24), np.uint8)
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(film, level=100, speed=10))
    sent = message(tmp_path / "a.avif")
    assert sent.pixels.axes == "TYX"
    np.testing.assert_array_equal(from_pixels(sent.pixels), film)


def test_a_dicom_states_the_bits_of_its_detector(tmp_path):
    write_dicom(tmp_path / "a.dcm", STACK[0])
    sent = message(tmp_path / "a.dcm")
    assert (sent.pixels.axes, sent.pixels.significant_bits) == ("TYX", 12)
    np.testing.assert_array_equal(from_pixels(sent.pixels), STACK[0])


def test_axes_that_the_user_names_replace_those_of_the_file(tmp_path):
    write_dicom(tmp_path / "a.dcm", STACK[0])
    assert message(tmp_path / "a.dcm", axes="ZYX").pixels.axes == "ZYX"


def test_such_files_are_found_in_folders(tmp_path):
    write_czi(tmp_path / "a.czi")
    write_dicom(tmp_path / "b", STACK[0])
    assert [path.name for path in find_images(tmp_path).files] == ["a.czi", "b"]


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"ZISRAWFILE" + bytes(99), "CZI (Zeiss)"),
        (b"\xda\xce\xbe\x0a" + bytes(99), "ND2 (Nikon)"),
        (b"\x70\0\0\0" + bytes(99), "LIF (Leica)"),
        (bytes(128) + b"DICM" + bytes(99), "DICOM"),
        (bytes(4) + b"ftypheic" + bytes(99), "HEIC"),
        (bytes(4) + b"ftypavif" + bytes(99), "AVIF"),
    ],
)
def test_a_damaged_file_is_an_error_of_its_own(tmp_path, start, name):
    (tmp_path / "broken").write_bytes(start)
    with pytest.raises(ImageFormatError, match="cannot be read") as caught:
        message(tmp_path / "broken")
    assert name in str(caught.value)


def test_a_file_that_does_not_fit_into_memory_says_so(tmp_path, monkeypatch):
    write_czi(tmp_path / "x.czi")

    def refuse(*_, **__):
        raise MemoryError("Unable to allocate 90 GiB")

    monkeypatch.setattr(np, "stack", refuse)
    with pytest.raises(ImageFormatError, match=r"does not fit into memory; choose a series"):
        message(tmp_path / "x.czi")


def test_a_missing_library_names_the_extra(tmp_path, monkeypatch):
    write_czi(tmp_path / "a.czi")
    monkeypatch.setitem(sys.modules, "pylibCZIrw", None)
    with pytest.raises(ImageFormatError, match=r'pip install "zoobridge\[formats\]"'):
        message(tmp_path / "a.czi")


def test_a_picture_that_is_not_in_the_file_is_refused(tmp_path):
    write_czi(tmp_path / "a.czi")
    with pytest.raises(ImageFormatError, match="holds no picture 5; it holds 1") as caught:
        message(tmp_path / "a.czi", series=5)
    assert caught.value.field == "image.series"
