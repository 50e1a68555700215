"""A folder of height models: good tiles answer, bad ones are named and take nobody with them."""

import gzip
import io
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import Affine

from adapters.terrain.folder import Reading, read_folder
from dispatch.terrain import HeightDatum, Unfit
from tests.adapters.terrain.tiles import hgt_bytes, slope, write_geotiff

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def look(folder: Path, stated: HeightDatum | None = None, most_bytes: float = 1e9) -> Reading:
    return read_folder(folder, folder.parent / "cache", stated, most_bytes, NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tiles"
    made.mkdir()
    return made


def zipped(data: bytes, name: str = "N28E117.hgt") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return out.getvalue()


def test_plain_and_packed_tiles_answer_alike_and_are_unpacked_once(folder: Path) -> None:
    (folder / "N28E115.hgt").write_bytes(hgt_bytes())
    (folder / "N28E116.hgt.gz").write_bytes(gzip.compress(hgt_bytes(west=116), 1))
    (folder / "N28E117.hgt.zip").write_bytes(zipped(hgt_bytes(west=117)))
    found = look(folder)
    assert found.faults == ()
    lon, lat = np.array([115.3, 116.0, 116.62, 117.999, 118.2]), np.full(5, 28.41)
    heights = found.terrain.elevation_m(lon, lat, fit=True)
    assert heights[:4] == pytest.approx(slope(lon, lat)[:4], abs=0.6)  # tiles hold whole metres
    assert np.isnan(heights[4])
    before = {path.name: path.stat().st_mtime_ns for path in (folder.parent / "cache").iterdir()}
    assert len(before) == 2
    look(folder)
    assert {path.name: path.stat().st_mtime_ns for path in (folder.parent / "cache").iterdir()} == before
    (folder / "N28E116.hgt.gz").unlink()
    look(folder)
    assert len(list((folder.parent / "cache").iterdir())) == 1


def test_a_void_is_unknown_and_never_zero(folder: Path) -> None:
    (folder / "N28E115.hgt").write_bytes(hgt_bytes(voids=((600, 600),)))
    terrain = look(folder).terrain
    step = 1 / 1200
    at = 115.0 + 600 * step, 29.0 - 600 * step
    assert np.isnan(terrain.elevation_m(at[0] + step / 3, at[1] + step / 3)[0])
    assert np.isnan(terrain.highest_m(at[0] - step / 3, at[1] - step / 3)[0])
    assert terrain.elevation_m(at[0] + 1.5 * step, at[1])[0] > 100
    assert 0 < terrain.tiles[0].void_share < 1e-6


def test_broken_hgt_files_are_named_and_the_good_one_stays(folder: Path) -> None:
    good = hgt_bytes()
    (folder / "N28E115.hgt").write_bytes(good)
    bad = {
        "N29E115.hgt": good[:-2],
        "elevation.hgt": good,
        "N95E115.hgt": good,
        "N28E116.hgt.gz": gzip.compress(good, 1)[:-2000],
        "N28E117.hgt.gz": b"no gzip at all",
        "N28E118.hgt.gz": gzip.compress(bytes(30_000_000), 1),
        "N28E119.hgt.zip": zipped(b"short"),
        "N28E120.hgt.zip": zipped(good, "readme.txt"),
        "N28E121.hgt.zip": zipped(good)[:9000],
        "N28E122.hgt": b"",
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    (folder / "N28E123.hgt").mkdir()
    (folder / "notes.txt").write_text("not a tile")
    found = look(folder)
    assert [tile.name for tile in found.terrain.tiles] == ["N28E115.hgt"]
    assert {fault.file for fault in found.faults} == {*bad, "N28E123.hgt"}
    assert all(fault.detail and "defect" not in fault.detail for fault in found.faults)
    details = {fault.file: fault.detail for fault in found.faults}
    assert "2884800 bytes" in details["N29E115.hgt"]
    assert "unpacks to more" in details["N28E118.hgt.gz"]
    assert not list((folder.parent / "cache").glob("*.part"))


def test_geotiff_heights_come_with_their_datum_and_fitness(folder: Path) -> None:
    fine = np.full((60, 80), 321.0, np.float32)
    fine[10, 10] = -9999
    write_geotiff(folder / "a.tif", fine)
    write_geotiff(folder / "b.tif", west=116.0, crs="EPSG:4326")
    write_geotiff(folder / "c.tif", west=117.0, crs="EPSG:4979")
    write_geotiff(folder / "d.tif", west=118.0, step=1 / 120, compress="deflate", tiled=True)
    write_geotiff(folder / "e.tif", np.full((60, 80), 55, np.int16), west=119.0, crs="EPSG:4490+3855")
    tiles = {tile.name: tile for tile in look(folder).terrain.tiles}
    assert {name: tile.unfit for name, tile in tiles.items()} == {
        "a.tif": None,
        "b.tif": Unfit.DATUM_UNKNOWN,
        "c.tif": Unfit.ELLIPSOID,
        "d.tif": Unfit.COARSE,
        "e.tif": None,
    }
    assert (tiles["a.tif"].datum, tiles["e.tif"].datum) == (HeightDatum.EGM96, HeightDatum.EGM2008)
    found = look(folder, stated=HeightDatum.EGM2008)
    assert {tile.name: tile.datum for tile in found.terrain.tiles}["b.tif"] is HeightDatum.EGM2008
    assert found.terrain.elevation_m(115.02, 28.97, fit=True)[0] == 321.0
    void = 115.0 + 10.5 / 1200, 29.0 - 10.5 / 1200
    assert np.isnan(found.terrain.elevation_m(*void)[0])
    assert np.isnan(found.terrain.elevation_m(118.05, 28.9, fit=True)[0])  # coarse: for display only
    assert found.terrain.elevation_m(118.05, 28.9)[0] == 321.0


def test_what_a_geotiff_may_say_wrong_is_named(folder: Path) -> None:
    cells = np.full((60, 80), 321.0, np.float32)
    write_geotiff(folder / "utm.tif", crs="EPSG:32650", transform=Affine(30, 0, 5e5, 0, -30, 3.2e6))
    write_geotiff(folder / "beijing54.tif", crs="EPSG:4214")
    write_geotiff(folder / "nocrs.tif", crs=None)
    write_geotiff(folder / "turned.tif", transform=Affine(0.001, 0.0002, 115, 0.0002, -0.001, 29))
    write_geotiff(folder / "bands.tif", count=2)
    write_geotiff(folder / "bytes.tif", cells.astype(np.uint8), nodata=None)
    write_geotiff(folder / "beyond.tif", west=179.99, step=1 / 100)
    write_geotiff(folder / "cut.tif", np.random.default_rng(1).random((400, 400), np.float32))
    whole = (folder / "cut.tif").read_bytes()
    (folder / "cut.tif").write_bytes(whole[: len(whole) // 2])
    (folder / "huge.tif").write_bytes(_huge_header())
    (folder / "text.tif").write_text("<VRTDataset><SourceFilename>/vsicurl/x</SourceFilename></VRTDataset>")
    (folder / "empty.tif").write_bytes(b"")
    write_geotiff(folder / "good.tif")
    found = look(folder)
    assert [tile.name for tile in found.terrain.tiles] == ["good.tif"]
    details = {fault.file: fault.detail for fault in found.faults}
    assert len(details) == 11
    for name, said in {
        "utm.tif": "EPSG:32650",
        "beijing54.tif": "EPSG:4214",
        "nocrs.tif": "no reference system",
        "turned.tif": "not north up",
        "bands.tif": "2 bands",
        "bytes.tif": "uint8 cells",
        "beyond.tif": "beyond the Earth",
        "cut.tif": "not a readable GeoTIFF",
        "huge.tif": "at most 400000000",
        "text.tif": "not a readable GeoTIFF",
    }.items():
        assert said in details[name], (name, details[name])


def test_more_than_the_site_allows_and_a_folder_that_is_not_there_are_said(folder: Path) -> None:
    for lon in (115, 116):
        (folder / f"N28E{lon}.hgt").write_bytes(hgt_bytes(west=lon))
    found = look(folder, most_bytes=3e6)
    assert len(found.terrain.tiles) == 1
    assert "max_gigabytes" in found.faults[0].detail
    gone = look(folder / "nowhere")
    assert gone.terrain.tiles == ()
    assert "No such file" in gone.faults[0].detail


def _huge_header() -> bytes:
    """A TIFF of 100,000 × 100,000 float cells that holds none of them: one strip beyond the file's end."""
    entries = [
        (256, 4, 1, 100_000),
        (257, 4, 1, 100_000),
        (258, 3, 1, 32),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, 100_000),
        (279, 4, 1, 4_000_000_000),
        (339, 3, 1, 3),
    ]
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", 0)
