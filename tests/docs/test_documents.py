"""Stale documents are noticed: made parts are made anew, names are held against the code, commands are run."""

import re
import subprocess
import sys

import pytest
from typer.main import get_command

from api.cli import build
from ledger.matter.event_types import EVENT_TYPES
from ledger.messages import MESSAGES
from nodes import config
from nodes.store.rebuild import DERIVABLE, NOT_DERIVABLE
from tests.docs.made import documents
from tests.docs.shell import ROOT, blocks, clone, free_ports, play

DOCS = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
TEXTS = {**DOCS, "README.md": (ROOT / "README.md").read_text("utf-8")}
COMMANDS = dict(documents.leaves(get_command(build())))


def rows(name, pattern):
    return re.findall(pattern, DOCS[name], re.MULTILINE)


# -- what is made -------------------------------------------------------------------------------------------------


def test_the_made_parts_are_those_of_today():
    command = [sys.executable, str(ROOT / "scripts" / "documents.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT / "tests")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", documents.DOCUMENTS, ids=lambda path: path.name)
def test_a_stale_part_is_noticed(path):
    text = path.read_text("utf-8")
    assert documents.render(text) == text
    stale = re.sub(r"( -->\n)[^\n]+\n", r"\1something else\n", text, count=1)
    assert documents.render(stale) == text != stale


def test_every_error_setting_and_command_has_its_row():
    assert rows("errors.md", r"^\| `([\w-]+)` \| \d") == sorted(MESSAGES)
    assert rows("settings.md", r"^\| `(\w+)` \|") == list(config.NAMES)
    assert rows("commands.md", r"^### lodetrace (.+)$") == list(COMMANDS)
    for name, command in COMMANDS.items():
        section = DOCS["commands.md"].split(f"### lodetrace {name}\n")[1].split("\n### ")[0]
        options = {text for one in command.params for text in one.opts if text.startswith("--")} - {"--help"}
        assert set(re.findall(r"`(--[\w-]+)`", section.split("| option |")[1])) == options, name


# -- what is written by hand --------------------------------------------------------------------------------------


def test_every_event_has_its_row_in_the_order_of_the_code():
    assert rows("events.md", r"^\| `(\w+)` \|") == list(EVENT_TYPES)
    assert all(len(cells) == 3 and all(len(cell) > 15 for cell in cells[1:]) for cells in _cells("events.md"))


def _cells(name):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows(name, r"^(\| `\w+` \|.*\|)$")]


def test_every_table_of_the_database_is_either_in_a_backup_or_rebuilt():
    named = {
        name
        for line in DOCS["operating.md"].splitlines()
        if re.fullmatch(r"`\w+`(, `\w+`)+", line)
        for name in re.findall(r"`(\w+)`", line)
    }
    assert named == {*DERIVABLE, *NOT_DERIVABLE}


def test_every_document_is_reached_from_the_readme():
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)", TEXTS["README.md"]))
    assert linked == set(DOCS)


def test_links_to_places_inside_documents_lead_there():
    wrong = []
    for name, text in TEXTS.items():
        for link, place in re.findall(r"\]\(([\w/.-]*)#([\w-]+)\)", text):
            target = DOCS[link.rpartition("/")[2]] if link else text
            if place not in {_anchor(title) for title in re.findall(r"^#+ (.+)$", target, re.MULTILINE)}:
                wrong.append((name, link, place))
    assert wrong == []


def _anchor(title):
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_that_is_named_exists_with_its_options(name):
    """In blocks and in running text: `lodetrace VERB --option` is a verb, and has that option."""
    spans = re.findall(r"`lodetrace ([^`\n]+)`", TEXTS[name])
    lines = [line for block in blocks(TEXTS[name], "sh") for line in block.splitlines()]
    spans += [
        found for line in lines for found in re.findall(r"(?:^|[(;{] ?)(?:lodetrace|mine|plant) ([^;|&>)]+)", line)
    ]
    wrong = []
    for span in spans:
        words = span.split()
        if re.fullmatch(r"\w+ v\d|vectors ", span):
            continue  # the first line of a signed text, not a command
        verb = next((" ".join(words[:end]) for end in (2, 1) if " ".join(words[:end]) in COMMANDS), None)
        known = {text for one in COMMANDS[verb].params for text in one.opts} | {"--help"} if verb else set()
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        if verb is None or not asked <= known:
            wrong.append(span)
    assert wrong == []


def test_what_operators_are_told_to_type_works(tmp_path):
    """On a home with some history: started, looked at, backed up while it runs, lost, restored, rebuilt."""
    folder = clone(tmp_path)
    (port,) = free_ports(1)
    founded = (
        'export PATH="$PWD/.venv/bin:$PATH"\n'
        f"lodetrace init --home mine --name mine.example --org M --role mine --port {port}\n"
        "export LODETRACE_TOKEN=$(lodetrace token create --home mine --role clerk --name Li)\n"
        f"export LODETRACE_URL=http://127.0.0.1:{port}\n"
    )
    record = "lodetrace batch register --product nd_oxide --lot {} --net '1 kg' --origin mined --country CN\n"
    first, *rest = blocks(DOCS["operating.md"], "sh")
    assert "serve" in first
    printed = play(folder, founded + first + record.format("A-1") + "\n".join(rest))
    assert "partners: 0" in printed or "names no other organisation" in printed
    assert "✓ mine.example/log: 2 entries hold" in printed
    assert "✓ 3 entries replayed" in printed  # the third says which keys were replaced
    assert (folder / "mine-lost" / "node.db").exists()
