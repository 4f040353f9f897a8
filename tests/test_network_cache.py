"""The cache of read networks: the same arrays, mapped; a spoilt entry is never used."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import zlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from world import World

from accessibility.network import RoadNetwork
from accessibility.sources.array_folders import BrokenFolderError, load_folder, save_folder
from accessibility.sources.network_cache import (
    cached_network,
    load_arrays,
    load_network,
    network_entry,
    save_arrays,
    save_network,
)
from accessibility.sources.networks import read_network_file
from accessibility.sources.osm import read_osm
from accessibility.sources.speed_tables import built_in_table

KEY = "0123456789abcdef"


def parts(network: RoadNetwork) -> dict[str, object]:
    """Everything that a network holds, by name."""
    held = {field.name: getattr(network, field.name) for field in fields(network)}
    turns = held.pop("turns")
    return held | {f"turns.{field.name}": getattr(turns, field.name) for field in fields(turns)}


def assert_same(first: RoadNetwork, second: RoadNetwork) -> None:
    for name, value in parts(first).items():
        other = parts(second)[name]
        if isinstance(value, np.ndarray):
            assert value.dtype == other.dtype, name
            np.testing.assert_array_equal(value, other, err_msg=name)
        else:
            as_read = dict(value) if hasattr(value, "keys") else list(value)
            assert as_read == (dict(other) if hasattr(other, "keys") else list(other)), name


def is_mapped(array: np.ndarray) -> bool:
    """Tell whether an array lies in a file's pages."""
    base = array
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    return base is not None


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, and a drawn file with every kind of thing in it."""
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path / "cache"))
    world = World(
        """
        a-b-c
        | | |
        d-e-f
        """,
        {"ab": {"name": "Äänekoskentie", "ref": "9"}},
        nodes={"b": {"highway": "traffic_signals"}, "e": {"barrier": "gate"}},
        turns=[("be", "b", "ab", "no_left_turn")],
    )
    return tmp_path / "cache", world.write_osm(tmp_path / "roads.osm.pbf")


def test_the_second_read_comes_from_the_cache_and_is_equal_array_by_array(cache):
    folder, path = cache
    table = built_in_table("finland-car")
    first, was_cached = read_network_file(path, table)
    assert not was_cached
    second, is_cached = read_network_file(path, table)
    assert is_cached
    assert_same(first, second)
    assert_same(first, read_network_file(path, table, cache=False)[0])
    assert list(folder.iterdir()) == [network_entry(path, table)]


def test_a_cached_network_is_mapped_and_cannot_be_written_to(cache):
    _, path = cache
    table = built_in_table("finland-car")
    read_network_file(path, table)
    network, _ = read_network_file(path, table)
    assert is_mapped(network.segment_m)
    assert type(network.segment_m) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        network.segment_m[0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        network.segment_m.flags.writeable = True


def test_any_process_opens_an_entry_by_its_path(cache, tmp_path):
    _, path = cache
    network, _ = read_network_file(path, built_in_table("plain"), cache=False)
    save_network(network, tmp_path / "elsewhere" / "roads")
    assert_same(network, load_network(tmp_path / "elsewhere" / "roads"))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        load_network(tmp_path / "nowhere")


def test_another_file_or_another_table_is_read_anew(cache):
    folder, path = cache
    read_network_file(path, built_in_table("plain"))
    _, is_cached = read_network_file(path, built_in_table("walk"))
    assert not is_cached
    World("a-b").write_osm(path)
    network, is_cached = read_network_file(path, built_in_table("plain"))
    assert not is_cached
    assert network.edges == 1
    assert len(list(folder.iterdir())) == 3


class Trap:
    """An object that sets off when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the cache was unpickled",))


def damage(entry: Path, kind: str) -> None:
    """Spoil an entry in one way."""
    file, manifest = entry / "segment_m.npy", entry / "manifest.json"
    content = bytearray(file.read_bytes())
    held = json.loads(manifest.read_text())
    if kind == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif kind == "emptied":
        file.write_bytes(b"")
    elif kind == "longer":
        file.write_bytes(content + b"0")
    elif kind == "flipped":
        content[-3] ^= 0xFF
        file.write_bytes(content)
    elif kind == "header flipped":
        file.write_bytes(content.replace(b"<f8", b"<i8"))
    elif kind == "file lost":
        file.unlink()
    elif kind == "array lost":
        del held["arrays"]["segment_m"]
        manifest.write_text(json.dumps(held))
    elif kind == "other version":
        manifest.write_text(json.dumps(held | {"layout": held["layout"] - 1}))
    elif kind == "manifest lost":
        manifest.unlink()
    elif kind == "manifest cut":
        manifest.write_bytes(manifest.read_bytes()[:-20])
    elif kind == "manifest is a list":
        manifest.write_text("[]")
    elif kind == "emptied folder":
        shutil.rmtree(entry)
        entry.mkdir()
    elif kind == "a file instead":
        shutil.rmtree(entry)
        entry.write_bytes(b"this is no folder")
    elif kind == "pickled":
        np.save(file, np.array([Trap()], dtype=object), allow_pickle=True)
        written = np.memmap(file, dtype=np.uint8, mode="r")
        held["arrays"]["segment_m"] = {
            "bytes": len(written),
            "crc32": zlib.crc32(written),
        }
        manifest.write_text(json.dumps(held))


@pytest.mark.parametrize(
    "kind",
    """cut, emptied, longer, flipped, header flipped, file lost, array lost, other version,
    manifest lost, manifest cut, manifest is a list, emptied folder, a file instead,
    pickled""".replace("\n    ", " ").split(", "),
)
def test_a_broken_entry_is_read_anew_with_a_warning(cache, caplog, kind):
    folder, path = cache
    table = built_in_table("finland-car")
    first, _ = read_network_file(path, table)
    (entry,) = folder.iterdir()
    damage(entry, kind)
    with caplog.at_level(logging.WARNING):
        again, is_cached = read_network_file(path, table)
    assert not is_cached
    assert_same(first, again)
    assert "is broken" in caplog.text
    third, is_cached = read_network_file(path, table)  # and the entry is mended
    assert is_cached
    assert_same(first, third)
    assert list(folder.iterdir()) == [entry]


def test_a_cache_that_cannot_be_written_only_warns(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ACCESSIBILITY_CACHE", str(tmp_path / "file"))
    path = World("a-b").write_osm(tmp_path / "roads.osm.pbf")
    with caplog.at_level(logging.WARNING):
        network, is_cached = cached_network(path, built_in_table("plain"), read_osm)
        save_arrays(KEY, "topology", {"order": np.arange(3)})
    assert (network.edges, is_cached) == (1, False)
    assert "the network could not be cached" in caplog.text
    assert "the topology could not be cached" in caplog.text


def test_a_write_that_fails_leaves_the_old_entry_and_nothing_else(cache, monkeypatch):
    folder, path = cache
    table = built_in_table("plain")
    first, _ = read_network_file(path, table)
    monkeypatch.setattr(np, "save", _full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_network(first, network_entry(path, table))
    assert list(folder.iterdir()) == [network_entry(path, table)]
    assert_same(first, load_network(network_entry(path, table)))


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "no space left on device")


def test_a_mapped_network_outlives_the_entry_that_replaces_it(cache):
    _, path = cache
    table = built_in_table("plain")
    first, _ = read_network_file(path, table)
    mapped, _ = read_network_file(path, table)
    save_network(first, network_entry(path, table))
    shutil.rmtree(network_entry(path, table))
    assert_same(first, mapped)


# --- what else is kept ---------------------------------------------------------------------------


@given(
    held=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_.]{0,8}", fullmatch=True),
        arrays_of.arrays(
            dtype=st.sampled_from(["int8", "int32", "uint32", "int64", "float64", "bool", "U3"]),
            shape=arrays_of.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5),
        ),
        max_size=4,
    )
)
def test_arrays_come_back_as_they_were(tmp_path_factory, held):
    folder = tmp_path_factory.mktemp("arrays") / "entry"
    save_folder(folder, held, layout=1)
    back = load_folder(folder, layout=1)
    assert back.keys() == held.keys()
    for name, array in held.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_named_arrays_are_kept_beside_the_networks(cache):
    order = np.array([2, 0, 1], dtype=np.int32)
    assert load_arrays(KEY, "topology") is None
    save_arrays(KEY, "topology", {"order": order, "nothing": np.empty(0)}, layout=4)
    held = load_arrays(KEY, "topology", layout=4)
    assert held is not None
    assert is_mapped(held["order"])
    np.testing.assert_array_equal(held["order"], order)
    assert held["nothing"].shape == (0,)
    assert load_arrays(KEY, "topology", layout=5) is None
    assert load_arrays(KEY[::-1], "topology", layout=4) is None


def test_broken_arrays_are_none_with_a_warning(cache, caplog):
    folder, _ = cache
    save_arrays(KEY, "topology", {"order": np.arange(9)})
    (entry,) = folder.iterdir()
    (entry / "order.npy").write_bytes(b"x")
    with caplog.at_level(logging.WARNING):
        assert load_arrays(KEY, "topology") is None
    assert "the cached topology" in caplog.text


def test_an_array_of_objects_or_with_a_path_for_a_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        save_folder(tmp_path / "a", {"a": np.array([Trap()], dtype=object)}, layout=1)
    with pytest.raises(ValueError, match=r"cannot be named \['../a'\]"):
        save_folder(tmp_path / "a", {"../a": np.arange(3)}, layout=1)
    assert list(tmp_path.iterdir()) == []
    save_folder(tmp_path / "a", {"a": np.arange(3)}, layout=1)
    with pytest.raises(BrokenFolderError, match="layout 1, expected 2"):
        load_folder(tmp_path / "a", layout=2)


# --- several processes ---------------------------------------------------------------------------

READ_OFTEN = """
import logging, sys
from pathlib import Path
from accessibility.sources.network_cache import network_entry
from accessibility.sources.networks import read_network_file
from accessibility.sources.speed_tables import built_in_table
logging.basicConfig(level=logging.WARNING)
table = built_in_table("plain")
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    network, _ = read_network_file(path, table)
    assert network.edges == 7, network
    if sys.argv[2] == "spoils":
        (network_entry(path, table) / "segment_m.npy").unlink(missing_ok=True)
print(network.segment_m.sum().item().hex())
"""


def start(path: Path, role: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", READ_OFTEN, str(path), role]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_processes_that_start_at_once_share_one_entry(cache):
    folder, path = cache
    processes = [start(path, "reads") for _ in range(3)]
    answers = _answers_of(processes)
    assert len({out for out, _, _ in answers}) == 1
    assert [(code, err) for _, err, code in answers] == [(0, "")] * 3
    assert list(folder.iterdir()) == [network_entry(path, built_in_table("plain"))]


def test_processes_that_mend_the_same_entry_at_once_harm_nobody(cache):
    folder, path = cache
    processes = [start(path, role) for role in ("spoils", "spoils", "reads")]
    answers = _answers_of(processes)
    assert [code for _, _, code in answers] == [0, 0, 0], answers
    assert len({out for out, _, _ in answers}) == 1
    assert all("could not be cached" not in err for _, err, _ in answers)
    assert list(folder.iterdir()) == [network_entry(path, built_in_table("plain"))]


def _answers_of(processes: list[subprocess.Popen[str]]) -> list[tuple[str, str, int]]:
    """Let processes go at the same moment, once all are ready; give their answers."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        answers.append((out, err, process.returncode))
    return answers
