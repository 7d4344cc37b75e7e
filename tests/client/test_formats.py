"""CZI, LIF and DICOM are read where the client runs, as pixels with axes."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pylibCZIrw import czi

from pixels import from_pixels
from zoobridge.client import find_images
from zoobridge.client._call_state import build
from zoobridge.client._images import sources
from zoobridge.client._packing import ImageGroup
from zoobridge.errors import ImageFormatError
from zoobridge.protocol.v1 import classification_pb2 as pb

STACK = np.random.default_rng(2).integers(0, 4096, (2, 3, 20, 30), np.uint16)


def message(path, **options):
    found, _ = sources(path, **options)
    request = build(ImageGroup((next(found),)), pb.ClassifyRequest(), limit=lambda: 1 << 30)
    return pb.ClassifyRequest.FromString(request).image


def write_czi(path: Path) -> None:
    with czi.create_czi(str(path)) as file:
        for z, c in np.ndindex(2, 3):
            file.write(data=STACK[z, c][..., np.newaxis], plane={"Z": z, "C": c})


def write_colour_czi(path: Path, colours: np.ndarray) -> None:
    with czi.create_czi(str(path)) as file:
        file.write(data=np.ascontiguousarray(colours[..., ::-1]), plane={})


def write_lif(path: Path, planes: np.ndarray) -> None:
    """Write a Leica file by hand: a description, and a block of memory."""
    depth, height, width = planes.shape
    dimensions = "".join(
        f'<DimensionDescription DimID="{number}" NumberOfElements="{length}" Origin="0" '
        f'Length="1" Unit="m" BitInc="0" BytesInc="{step}"/>'
        for number, length, step in ((1, width, 1), (2, height, width), (3, depth, width * height))
    )
    text = (
        '<LMSDataContainerHeader Version="2"><Element Name="p" Visibility="1"><Data>'
        '</Data><Memory Size="0" MemoryBlockID="MemBlock_1"/><Children>'
        '<Element Name="stack" Visibility="1"><Data><Image><ImageDescription><Channels>'
        '<ChannelDescription DataType="0" ChannelTag="0" Resolution="8" NameOfMeasuredQuantity="" '
        'Min="0" Max="255" Unit="" LUTName="Gray" IsLUTInverted="0" BytesInc="0" BitInc="0"/>'
        f"</Channels><Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{planes.nbytes}" MemoryBlockID="MemBlock_2"/></Element></Children>'
        "</Element></LMSDataContainerHeader>"
    )
    head = text.encode("utf-16-le")
    name = "MemBlock_2".encode("utf-16-le")
    block = struct.pack("<BQBI", 0x2A, planes.nbytes, 0x2A, len(name) // 2) + name
    path.write_bytes(
        struct.pack("<IIBI", 0x70, len(head) + 5, 0x2A, len(head) // 2) + head
        + struct.pack("<II", 0x70, len(block)) + block + planes.tobytes()
    )  # fmt: skip


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
    ],
)
def test_a_damaged_file_is_an_error_of_its_own(tmp_path, start, name):
    (tmp_path / "broken").write_bytes(start)
    with pytest.raises(ImageFormatError, match="cannot be read") as caught:
        message(tmp_path / "broken")
    assert name in str(caught.value)


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
