import json
import stat
import sys

import pytest

import whence
from whence import _launcher


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Makes a program of Python code and has the package run it."""

    def make(code):
        file = tmp_path / "whence"
        file.write_text(f"#!{sys.executable}\nimport json, sys\n{code}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("WHENCE", str(file))

    return make


def test_reports_are_passed_on_and_output_returned(program):
    program("print('a' * 200_000); print(json.dumps({'stage': 's', 'done': 1}), file=sys.stderr)")
    reports = []
    assert _launcher.run(["fit"], reports.append).strip() == "a" * 200_000
    assert reports == [{"stage": "s", "done": 1}]


def test_failures_raise_the_programs_sentence(program):
    program("print('whence: model does not exist', file=sys.stderr); sys.exit(2)")
    with pytest.raises(whence.WhenceError, match="^model does not exist$"):
        _launcher.run(["fit"], None)


def test_keyword_arguments_are_options(program):
    program("print(json.dumps(sys.argv[1:]))")
    given = {"damping_ratio": 0.2, "layerwise": True, "bm25": None, "refine": False, "curvature": ["ekfac", "kfac"]}
    words = json.loads(_launcher.run(["attribute", *_launcher.options(given)], None))
    assert words == "attribute --damping-ratio 0.2 --layerwise --curvature ekfac,kfac --progress json".split()


def test_a_program_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setenv("WHENCE", "/nowhere/whence")
    with pytest.raises(whence.WhenceError, match="/nowhere/whence cannot be run"):
        _launcher.run(["fit"], None)


def test_an_image_is_run_by_docker(monkeypatch):
    monkeypatch.delenv("WHENCE", raising=False)
    monkeypatch.setenv("WHENCE_IMAGE", "whence:latest")
    assert _launcher.find()[:3] == ["docker", "run", "--rm"]
    assert _launcher.find()[-1] == "whence:latest"
